import type { Command } from "commander";
import type { ExitStatus } from "../../domain/outcome.ts";
import { addExamples, type Bind } from "../command.ts";
import { renderRestore } from "../render/restore.ts";
import { type Session, withOperations } from "../session.ts";
import { choiceOf, oneMore } from "../values.ts";

type Roles = "missing" | "none";

interface RestoreFlags {
  readonly to: string;
  readonly overwrite?: string | null;
  readonly only?: readonly string[];
  /** False with --no-owner. */
  readonly owner: boolean;
  readonly roles: Roles;
  readonly job?: string | null;
  readonly identity?: string | null;
  readonly dryRun?: boolean;
}

const roleChoices: readonly Roles[] = ["missing", "none"];

export function registerRestore(parent: Command, bind: Bind): void {
  const command = parent
    .command("restore")
    .description(
      "Restores a backup, or a bare dump or zip: into a new database, or into a new or empty directory.",
    )
    .argument("<backup>", "its name, JOB/NAME, or the path of a file")
    .requiredOption("--to <target>", "name of the database to make; of a capsule, the directory")
    .option(
      "--overwrite <name>",
      "the target's name once more, when it exists and may be replaced; an old database is kept under a new name",
    )
    .option("--only <path>", "of a capsule: only this file or folder (may be given several times)", oneMore)
    .option("--no-owner", "leave owners and grants out")
    .option(
      "--roles <which>",
      "create roles that are missing, or none",
      choiceOf("--roles", roleChoices),
      "missing",
    )
    .option("--job <job>", "the job whose server it is (default: the backup's own)")
    .option("--identity <file>", "of an encrypted backup: its secret key, a file as age-keygen writes it")
    .option("--dry-run", "only say what would happen and what stands in the way");
  addExamples(command, [
    ["codex-backup restore codexdb_2026-11-23 --to codexdb_test --dry-run", "what would happen"],
    ["codex-backup restore codexdb_2026-11-23 --to codexdb --overwrite codexdb", "in place of the old one"],
    ["codex-backup restore codex_replay_20261123T011500Z --to /tmp/replay", "a capsule"],
    [
      "codex-backup restore codexdb_2026-11-23 --to codexdb_test --identity /media/safe/key.txt",
      "an encrypted backup",
    ],
    ["codex-backup restore /mnt/usb/codexdb_2026-11-23.sql --to codexdb_test", "a file without a catalog"],
  ]);
  bind<RestoreFlags>(
    command,
    ([backup = ""], flags) =>
      (session) =>
        restore(session, backup, flags),
  );
}

function restore(session: Session, backup: string, flags: RestoreFlags): Promise<ExitStatus> {
  const { screen, io } = session;
  const {
    to,
    overwrite = null,
    only = [],
    owner,
    roles,
    job = null,
    identity = null,
    dryRun = false,
  } = flags;
  return withOperations(session, "open", async ({ operations }) => {
    const withoutOwners = !owner;
    const report = await operations.restore({
      backup,
      to,
      overwrite,
      only,
      withoutOwners,
      roles,
      job,
      identity,
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
