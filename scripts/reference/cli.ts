import type { Command } from "commander";
import { createProgram } from "../../src/cli/program.ts";
import { generatedNote, type ReferencePage } from "./page.ts";

/** docs/reference/cli.md, from the tree of commands that parses what is typed. */
export const cliPage: ReferencePage = { path: "docs/reference/cli.md", text: formatCli };

const intro = `The configuration is looked up as \`--config FILE\`, \`$CODEX_BACKUP_CONFIG\`, \`./codex-backup.yaml\`,
\`/etc/codex-backup/config.yaml\`. What is meant for people stands on stdout, progress and log on stderr; progress is
shown on a terminal only. With \`--json\` stdout holds exactly one JSON document, with \`schemaVersion: 1\`; when a command
could not do its work, it is \`{"schemaVersion": 1, "error": {"code", "message", "hint"}}\`. Times in JSON are ISO 8601 in UTC.
With \`-q\` only errors are written; with \`-v\` the whole log goes to stderr. \`NO_COLOR\` is obeyed.

Ctrl-C, SIGTERM and SIGHUP end a run in order: its programs are stopped, nothing half-written keeps a final name, its row is
closed. A second signal ends the process at once. Exit statuses and failure codes: [failures](failures.md).`;

/** Keys of the one document that each command prints with --json. */
const documents: readonly (readonly [command: string, keys: string])[] = [
  [
    "run",
    "`runs`: runId, job, database, slot, outcome, level, startedAt, durationMs, windowMs, backup, copies, warnings, failure, summary, exit",
  ],
  [
    "list",
    "`backups`: id, job, database, kind, createdAt, sizeBytes, outcome, level, provenAt, held, adopted, copies",
  ],
  ["show", "`backup`: as in `list`, with manifest and marks"],
  [
    "status",
    "`jobs`: job, kind, database, healthy, rule, reason, lastRun, newestGood, newestProven, nextSlot, sizeBytes; `disk`: as in `destination list`; `channels`: as in `alerts list`",
  ],
  ["alerts test", "`tests`: channel, kind, outcome (`delivered` or `failed`), failure, exit"],
  [
    "alerts list",
    "`channels`: channel, kind, lastTriedAt, lastDeliveredAt, failure, waiting, nextTryAt; `waiting`, `givenUp`: channel, key, subject, createdAt, attempts, nextTryAt, failure; `open`: key, job, database, since, told",
  ],
  ["alerts deliver", "`waiting`: how many"],
  ["watch", "`told`: the messages, as the webhook sends them; `waiting`: how many"],
  ["doctor", "`findings`: check, code, severity, subject, message, commands, isFixed; `exit`"],
  ["schedule", "`jobs`: job, schedule, timezone, slots"],
  ["logs", "`run`; `entries`: time, level, message, fields"],
  [
    "verify",
    "`checks`: backup, job, destination, outcome, level, readBack, checkedFiles, differences, warnings, failure, exit",
  ],
  [
    "restore",
    "`restore`: kind, from, isRestored, isHashChecked, durationMs; of a database: database, findings, warnings, createdRoles, oldDatabase; of a capsule: directory, entries",
  ],
  ["checksums accept", "`accepted`: file, destination, before, after, runId"],
  [
    "prune",
    "`verdicts`: job, destination, backup, database, verdict, reasons, sizeBytes, isRemoved, failure, exit",
  ],
  [
    "copy",
    "`copies`: job, backup, database, destination, from, sizeBytes, outcome, level, readBack, warnings, failure, exit",
  ],
  ["hold, release", "`hold` or `release`: backup, job, destinations, failed"],
  ["adopt", "`files`: file, backup, createdAt, isAdopted, reason, failure, exit"],
  ["init", "`path`"],
  ["config check", "`path`, `jobs`, `destinations`"],
  ["config show", "`path`, `effective` (YAML)"],
  ["config schema", "`schema`"],
  [
    "destination init, list",
    "`destinations`: name, location, id; of `list` also freeBytes, totalBytes, warnings, failure",
  ],
  [
    "check",
    "`state`, `line`; `jobs`: job, database, state, words; `destinations`: destination, state, words; or `error`",
  ],
  ["metrics", "`metrics` (text); with --textfile `path`"],
  [
    "token create, list, revoke",
    "`token`: name, scope, text; `tokens`: name, scope, createdAt; `revoked`: name",
  ],
  ["catalog rebuild", "`rebuilt`: backups, copies, holds, problems"],
  ["catalog check", "`problems`: destination, backup, message"],
  ["completion", "`script`"],
];

function formatCli(): string {
  const program = createProgram({ version: "", say: () => {}, on: async () => {} });
  const sections = allCommands(program).map((command) => section(command));
  const rows = documents.map(([command, keys]) => `| \`${command}\` | ${keys} |`);
  const json = ["## Documents of --json", "", "| command | keys |", "|---|---|", ...rows].join("\n");
  return `${["# Command line", generatedNote, intro, ...sections, json].join("\n\n")}\n`;
}

function allCommands(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(allCommands)];
}

function section(command: Command): string {
  return `## ${fullName(command)}\n\n\`\`\`text\n${helpOf(command)}\n\`\`\``;
}

/** The help as it is printed, with the options of every command left to the first section. */
function helpOf(command: Command): string {
  let text = "";
  command.configureHelp({ showGlobalOptions: false });
  command.configureOutput({
    writeOut: (part) => {
      text += part;
    },
    getOutHelpWidth: () => 100,
  });
  command.outputHelp();
  return text.trimEnd();
}

function fullName(command: Command): string {
  return command.parent === null ? command.name() : `${fullName(command.parent)} ${command.name()}`;
}
