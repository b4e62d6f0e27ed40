import type { Config, LoadOptions } from "../config/config.ts";
import { messageOf } from "../domain/failure.ts";
import type { ExitStatus } from "../domain/outcome.ts";
import type { Io, Needs, Opened, Tool } from "./cli.ts";
import type { GlobalFlags } from "./global-flags.ts";
import { createScreen, type Screen } from "./screen.ts";

/** What every command is given. */
export interface Session {
  readonly io: Io;
  readonly tool: Tool;
  readonly flags: GlobalFlags;
  readonly screen: Screen;
}

/** Does nothing yet: neither config nor catalog is opened before a command asks for them. */
export function createSession(parts: Pick<Session, "io" | "tool" | "flags">): Session {
  return { ...parts, screen: createScreen(parts) };
}

/** The operations of the configuration at hand, while a command works. */
export interface Work extends Opened {
  readonly config: Config;
}

/** Finds and reads the configuration. Throws as ConfigLoader does. */
export async function loadConfig({ tool, flags, screen }: Session, options: LoadOptions): Promise<Config> {
  const loader = await tool.configLoader();
  const config = await loader.load(await loader.locate(flags.configPath), options);
  screen.hide(config.secrets);
  return config;
}

/**
 * Opens everything, does the work, closes everything. `secrets` as for the config: "closed" talks to no
 * server and no destination elsewhere; "destinations" no server; "lenient" opens what it can; "mending" opens what a run needs, and replaces a damaged catalog, filled from the destinations.
 */
export async function withOperations(
  session: Session,
  access: "open" | "closed" | "destinations" | "lenient" | "mending",
  work: (opened: Work) => Promise<ExitStatus>,
): Promise<ExitStatus> {
  const config = await loadConfig(session, { secrets: access === "mending" ? "passwords" : access });
  return withConfig(session, { config, mendsCatalog: access === "mending" }, work);
}

/** The same for a config at hand. */
export async function withConfig(
  session: Session,
  { config, mendsCatalog }: { readonly config: Config } & Pick<Needs, "mendsCatalog">,
  work: (opened: Work) => Promise<ExitStatus>,
): Promise<ExitStatus> {
  const { screen, tool, flags } = session;
  const logLevel = flags.verbosity === "verbose" ? "debug" : flags.verbosity === "quiet" ? "error" : "warn";
  const needs = { onProgress: screen.progress, logLevel, onLog: screen.log, mendsCatalog } as const;
  const opened = await tool.open(config, needs);
  try {
    if (opened.setAside !== null) await mend(session, opened);
    return await work({ ...opened, config });
  } finally {
    await opened.close();
  }
}

/** A lost index must not cost a night's backup: it is made anew, and the operator is told. */
async function mend({ screen, io }: Session, { operations, setAside }: Opened): Promise<void> {
  screen.complain(`The catalog was damaged and has been moved to ${setAside}; it is made anew.`);
  const { problems } = await operations.rebuildCatalog(io.signal).catch((error: unknown) => ({
    problems: [{ message: `Not all of it: ${messageOf(error)}` }],
  }));
  for (const { message } of problems) screen.complain(`  ${message}`);
}
