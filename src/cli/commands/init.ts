import { resolve } from "node:path";
import type { Command } from "commander";
import type { PresetRequest } from "../../config/config.ts";
import { Failure } from "../../domain/failure.ts";
import type { ExitStatus } from "../../domain/outcome.ts";
import type { FoundConfig } from "../cli.ts";
import { addExamples, type Bind } from "../command.ts";
import { askPreset } from "../preset-wizard.ts";
import type { Session } from "../session.ts";
import { choiceOf } from "../values.ts";

interface InitFlags {
  readonly preset?: "codex";
  readonly container?: string;
  readonly postgres?: string;
  readonly from?: string;
  readonly identity?: string;
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
    .option(
      "--from <address>",
      "on a new machine: from a storage that holds backups, such as s3://BUCKET/PREFIX or /mnt/disk",
    )
    .option("--identity <file>", "with --from: the secret key that opens the config that is kept there")
    .option("--user <name>", "with --container: the database user", "postgres")
    .option("--database <name>", "with --container: one database (default: all)")
    .option("--timezone <zone>", "of the schedules (default: this host's)")
    .option("--output <file>", "where to write it (default: --config, else ./codex-backup.yaml)");
  addExamples(command, [
    ["codex-backup init", "asks"],
    ["codex-backup init --preset codex --output /etc/codex-backup/config.yaml", "ready to edit"],
    ["codex-backup init --container my_postgres --user app", "all databases of a container"],
    ["codex-backup init --from s3://codex/nightly --identity key.txt", "a new machine after a total loss"],
  ]);
  bind<InitFlags>(command, (_words, flags) => (session) => init(session, flags));
}

async function init(session: Session, flags: InitFlags): Promise<ExitStatus> {
  const { io, tool, screen } = session;
  refuseMixture(flags);
  if (flags.from !== undefined) return initFrom(session, { ...flags, from: flags.from });
  const request = await requestOf(session, flags);
  const text = (await tool.configLoader()).preset(request);
  const path = resolve(io.cwd, flags.output ?? session.flags.configPath ?? "codex-backup.yaml");
  await tool.createFile(path, text);
  screen.document({ path });
  screen.print(`Wrote ${path}. Next:\n${nextSteps(session, path)}`);
  return 0;
}

function refuseMixture({ preset, container, postgres, from, identity }: InitFlags): void {
  if ([preset, container, postgres, from].filter((given) => given !== undefined).length > 1) {
    throw new Failure("usage.refused", "Cannot write one config for several sources", {
      hint: "Give one of --preset, --container, --postgres and --from.",
    });
  }
  if (identity === undefined || from !== undefined) return;
  throw new Failure("usage.refused", "Cannot use --identity without --from: there is nothing to open", {
    hint: "Name the storage: --from ADDRESS.",
  });
}

/** On a new machine: the config that is kept at a storage, or one that can read what lies there. */
async function initFrom(session: Session, flags: InitFlags & { readonly from: string }): Promise<ExitStatus> {
  const { io, tool, screen } = session;
  const path = resolve(io.cwd, flags.output ?? session.flags.configPath ?? "codex-backup.yaml");
  const timezone = flags.timezone ?? tool.hostTimezone();
  const loader = await tool.configLoader();
  const own = loader.preset({ kind: "address", address: flags.from, timezone });
  const config = await loader.loadText(own, path);
  const identity = flags.identity === undefined ? null : resolve(io.cwd, flags.identity);
  const needs = {
    onProgress: screen.progress,
    logLevel: "warn",
    onLog: screen.log,
    mendsCatalog: false,
  } as const;
  const found = await tool.fetchConfig({ config, identity, needs });
  await tool.createFile(path, found?.text ?? own);
  screen.document({ path, kept: found?.name ?? null, isKept: found !== null && found.text !== null });
  screen.print(`Wrote ${path}${describeFound(found)}. Next:\n${restoreSteps(session, path)}`);
  return 0;
}

function describeFound(found: FoundConfig | null): string {
  if (found === null) return ", for what lies there; no config is kept there";
  if (found.text !== null) return `, as ${found.name} has it; put its secrets' files in their places`;
  return `, for what lies there; with --identity FILE it would be the config of ${found.name}`;
}

function restoreSteps({ io }: Session, path: string): string {
  const tool = toolFor(io.cwd, path);
  const steps = ["catalog rebuild", "list", "verify", "restore BACKUP --to TARGET"];
  return steps.map((step) => `  ${tool} ${step}`).join("\n");
}

function requestOf({ io, tool }: Session, flags: InitFlags): PresetRequest | Promise<PresetRequest> {
  const timezone = flags.timezone ?? tool.hostTimezone();
  const { preset, container, postgres, user, database = null } = flags;
  if (preset !== undefined) return { kind: preset, timezone };
  if (container !== undefined) return { kind: "container", container, user, database, timezone };
  if (postgres !== undefined) return { kind: "postgres", url: postgres, timezone };
  if (io.prompt !== null) return askPreset(io.prompt, timezone);
  throw new Failure("usage.refused", "Cannot ask what to back up: this is no terminal", {
    hint: "Give --preset codex, --container NAME or --postgres URL.",
  });
}

/** As the tool must be called to find this config. */
function toolFor(cwd: string, path: string): string {
  const isFound = path === resolve(cwd, "codex-backup.yaml") || path === "/etc/codex-backup/config.yaml";
  return isFound ? "codex-backup" : `codex-backup --config ${path}`;
}

/** The commands that follow, as they must be typed for this file. */
function nextSteps({ io }: Session, path: string): string {
  const tool = toolFor(io.cwd, path);
  const steps = ["config check", "destination init --all", "keys generate", "run --all"];
  return steps.map((step) => `  ${tool} ${step}`).join("\n");
}
