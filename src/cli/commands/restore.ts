import type { Command } from "commander";
import { Failure } from "../../domain/failure.ts";
import type { PostgresSource } from "../../domain/jobs/source.ts";
import type { ExitStatus } from "../../domain/outcome.ts";
import { addExamples, type Bind } from "../command.ts";
import { givenPath } from "../given-path.ts";
import { renderReplaced, renderRestore } from "../render/restore.ts";
import { type Session, withOperations } from "../session.ts";
import { choiceOf, countOf, oneMore } from "../values.ts";

type Roles = "missing" | "none";
type Check = "rows" | "full" | "none";

interface RestoreFlags {
  readonly to?: string;
  readonly overwrite?: string | null;
  readonly only?: readonly string[];
  /** False with --no-owner. */
  readonly owner: boolean;
  readonly roles: Roles;
  readonly role?: readonly (readonly [from: string, to: string])[];
  readonly table?: readonly string[];
  readonly schema?: readonly string[];
  readonly jobs?: number;
  readonly check: Check;
  /** True: only list. */
  readonly dropOld?: string | true;
  readonly job?: string | null;
  readonly server?: string;
  readonly identity?: string | null;
  readonly dryRun?: boolean;
}

const roleChoices: readonly Roles[] = ["missing", "none"];
const checkChoices: readonly Check[] = ["rows", "full", "none"];

const examples = [
  ["codex-backup restore codexdb_2026-11-23 --to codexdb_test --dry-run", "what would happen"],
  ["codex-backup restore codexdb_2026-11-23 --to codexdb --overwrite codexdb", "in place of the old one"],
  ["codex-backup restore codex_replay_20261123T011500Z --to /tmp/replay", "a capsule"],
  [
    "codex-backup restore codexdb_2026-11-23 --to codexdb_test --identity /media/safe/key.txt",
    "an encrypted backup",
  ],
  ["codex-backup restore /mnt/usb/codexdb_2026-11-23.sql --to codexdb_test", "a file without a catalog"],
  [
    "codex-backup restore codexdb_2026-11-23 --to one_table --table public.audit_logs",
    "one table, with its rows",
  ],
  ["codex-backup restore codexdb_2026-11-23 --to codexdb_test --role codex=tester", "owned by another role"],
  ["codex-backup restore --drop-old", "which old databases are still kept"],
] as const;

export function registerRestore(parent: Command, bind: Bind): void {
  const command = parent
    .command("restore")
    .description(
      "Restores a backup, or a bare dump or zip: into a new database, or into a new or empty directory.",
    )
    .argument("[backup]", "its name, JOB/NAME, or the path of a file")
    .option("--to <target>", "name of the database to make; of a capsule, the directory")
    .option(
      "--overwrite <name>",
      "the target's name once more, when it exists and may be replaced; an old database is kept under a new name",
    )
    .option("--only <path>", "of a capsule: only this file or folder (may be given several times)", oneMore)
    .option(
      "--table <table>",
      "of a dump: only this table, SCHEMA.NAME, also with * and ? (may be given several times)",
      oneMore,
    )
    .option(
      "--schema <schema>",
      "of a dump: only what is in this schema (may be given several times)",
      oneMore,
    );
  addHow(command);
  addExamples(command, examples);
  bind<RestoreFlags>(command, ([backup], flags) => {
    const { to, dropOld } = flags;
    if (dropOld !== undefined) {
      if (backup !== undefined) return command.error("error: --drop-old goes without a backup");
      return (session) => dropReplaced(session, dropOld === true ? null : dropOld, flags);
    }
    if (backup === undefined) return command.error("error: missing required argument 'backup'");
    if (to === undefined) return command.error("error: required option '--to <target>' not specified");
    return (session) => restore(session, { backup, to }, flags);
  });
}

/** How it is restored, and where. */
function addHow(command: Command): void {
  command
    .option("--no-owner", "leave owners and grants out: all then belongs to the role that restores")
    .option(
      "--role <old=new>",
      "a role that is called otherwise here (may be given several times)",
      oneMoreRole,
    )
    .option(
      "--roles <which>",
      "create roles that are missing, or none",
      choiceOf("--roles", roleChoices),
      "missing",
    )
    .option(
      "--check <what>",
      "before it gets its name: count rows, compare in full by dumping it back, or none",
      choiceOf("--check", checkChoices),
      "rows",
    )
    .option(
      "--jobs <count>",
      "of a backup of the format custom: so many workers of pg_restore",
      countOf("--jobs"),
    )
    .option("--job <job>", "the job whose server it is (default: the backup's own)")
    .option(
      "--server <url>",
      "in place of a job's: postgres://user@host:port, with the password in PGPASSWORD",
    )
    .option(
      "--drop-old [database]",
      "in place of a restore: list the databases that restores replaced, or drop this one",
    )
    .option("--identity <file>", "of an encrypted backup: its secret key, a file as age-keygen writes it")
    .option("--dry-run", "only say what would happen and what stands in the way");
}

/** "OLD=NEW", one more of them. */
function oneMoreRole(
  text: string,
  before: NonNullable<RestoreFlags["role"]> = [],
): NonNullable<RestoreFlags["role"]> {
  const at = text.indexOf("=");
  if (at > 0 && at < text.length - 1) return [...before, [text.slice(0, at), text.slice(at + 1)]];
  throw new Failure("usage.invalid-value", `Cannot use "${text}" for --role: it is not OLD=NEW`, {
    hint: "Give --role the name in the dump, =, and the name here.",
  });
}

/** Null: that of a job. */
async function serverOf(session: Session, { server, job }: RestoreFlags): Promise<PostgresSource | null> {
  if (server === undefined) return null;
  if (job !== undefined && job !== null) {
    throw new Failure("usage.refused", "Cannot use two servers at once: --job and --server are given", {
      hint: "Leave one of them out.",
    });
  }
  const source = (await session.tool.configLoader()).serverOf(server);
  if (source.password) session.screen.hide([source.password]);
  return source;
}

async function dropReplaced(session: Session, drop: string | null, flags: RestoreFlags): Promise<ExitStatus> {
  const { screen, io } = session;
  const server = await serverOf(session, flags);
  return withOperations(session, "open", async ({ operations }) => {
    const { signal } = io;
    const job = flags.job ?? null;
    const report = await operations.dropReplaced({ job, ...(server && { server }), drop, signal });
    screen.document({ replaced: report });
    screen.print(renderReplaced(report, screen.paint));
    return 0;
  });
}

interface Wanted {
  readonly backup: string;
  readonly to: string;
}

async function restore(session: Session, { backup, to }: Wanted, flags: RestoreFlags): Promise<ExitStatus> {
  const { screen, io } = session;
  const {
    overwrite = null,
    only = [],
    owner,
    roles,
    role = [],
    table = [],
    schema = [],
    jobs,
    check,
    job = null,
    identity = null,
    dryRun = false,
  } = flags;
  const source = await serverOf(session, flags);
  return withOperations(session, "open", async ({ operations }) => {
    const withoutOwners = !owner;
    const report = await operations.restore({
      backup,
      to,
      overwrite,
      only,
      withoutOwners,
      roles,
      roleMap: new Map(role),
      tables: table,
      schemas: schema,
      check,
      ...(jobs === undefined ? {} : { jobs }),
      job,
      ...(source && { server: source }),
      identity: givenPath(io, identity),
      cwd: io.cwd,
      dryRun,
      signal: io.signal,
    });
    screen.document({ restore: report });
    screen.print(renderRestore(report, screen.paint));
    if (report.kind === "capsule") return 0;
    for (const warning of report.warnings) screen.warn(`  ${warning}`);
    // A dry run that found the way blocked must not look like one that may go ahead.
    return report.findings.some((finding) => finding.severity === "blocker") ? 2 : 0;
  });
}
