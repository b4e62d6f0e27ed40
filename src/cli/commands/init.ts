import { resolve } from "node:path";
import type { Command } from "commander";
import type { PresetRequest } from "../../config/config.ts";
import { Failure } from "../../domain/failure.ts";
import type { ExitStatus } from "../../domain/outcome.ts";
import { addExamples, type Bind } from "../command.ts";
import { askPreset } from "../preset-wizard.ts";
import type { Session } from "../session.ts";
import { choiceOf } from "../values.ts";

interface InitFlags {
  readonly preset?: "codex";
  readonly container?: string;
  readonly postgres?: string;
  readonly user: string;
  readonly database?: string | null;
  readonly timezone?: string;
  readonly output?: string;
}

export function registerInit(parent: Command, bind: Bind): void {
  const command = parent
    .command("init")
    .description(
      "Writes a commented config to start from: asks on a terminal, or takes one of the options. Never overwrites.",
    )
    .option(
      "--preset <name>",
      "codex: the three cron lines of the Super-Codex-AI host",
      choiceOf("--preset", ["codex"]),
    )
    .option("--container <name>", "databases of a PostgreSQL container")
    .option("--postgres <url>", "a database, as postgres://user@host:port/database; never with its password")
    .option("--user <name>", "with --container: the database user", "postgres")
    .option("--database <name>", "with --container: one database (default: all)")
    .option("--timezone <zone>", "of the schedules (default: this host's)")
    .option("--output <file>", "where to write it (default: --config, else ./codex-backup.yaml)");
  addExamples(command, [
    ["codex-backup init", "asks"],
    ["codex-backup init --preset codex --output /etc/codex-backup/config.yaml", "ready to edit"],
    ["codex-backup init --container my_postgres --user app", "all databases of a container"],
  ]);
  bind<InitFlags>(command, (_words, flags) => (session) => init(session, flags));
}

async function init(session: Session, flags: InitFlags): Promise<ExitStatus> {
  const { io, tool, screen } = session;
  const request = await requestOf(session, flags);
  const text = (await tool.configLoader()).preset(request);
  const path = resolve(io.cwd, flags.output ?? session.flags.configPath ?? "codex-backup.yaml");
  await tool.createFile(path, text);
  screen.document({ path });
  screen.print(`Wrote ${path}. Next:\n${nextSteps(session, path)}`);
  return 0;
}

function requestOf({ io, tool }: Session, flags: InitFlags): PresetRequest | Promise<PresetRequest> {
  const timezone = flags.timezone ?? tool.hostTimezone();
  const { preset, container, postgres, user, database = null } = flags;
  if ([preset, container, postgres].filter((given) => given !== undefined).length > 1) {
    throw new Failure("usage.refused", "Cannot write one config for several sources", {
      hint: "Give one of --preset, --container and --postgres.",
    });
  }
  if (preset !== undefined) return { kind: preset, timezone };
  if (container !== undefined) return { kind: "container", container, user, database, timezone };
  if (postgres !== undefined) return { kind: "postgres", url: postgres, timezone };
  if (io.prompt !== null) return askPreset(io.prompt, timezone);
  throw new Failure("usage.refused", "Cannot ask what to back up: this is no terminal", {
    hint: "Give --preset codex, --container NAME or --postgres URL.",
  });
}

/** The commands that follow, as they must be typed for this file. */
function nextSteps({ io }: Session, path: string): string {
  const isFound = path === resolve(io.cwd, "codex-backup.yaml") || path === "/etc/codex-backup/config.yaml";
  const tool = isFound ? "codex-backup" : `codex-backup --config ${path}`;
  const steps = ["config check", "destination init --all", "keys generate", "run --all"];
  return steps.map((step) => `  ${tool} ${step}`).join("\n");
}
