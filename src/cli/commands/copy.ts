import type { Command } from "commander";
import { Failure } from "../../domain/failure.ts";
import { combineExitStatuses, type ExitStatus } from "../../domain/outcome.ts";
import type { CopyMade } from "../../operations/operation.ts";
import { addExamples, type Bind } from "../command.ts";
import { renderCopies } from "../render/copies.ts";
import { renderFailure } from "../render/failure.ts";
import { type Session, withOperations } from "../session.ts";

interface CopyFlags {
  readonly missing?: boolean;
  readonly to?: string;
  readonly from?: string;
  readonly job?: string;
  readonly dryRun?: boolean;
}

export function registerCopy(parent: Command, bind: Bind): void {
  const command = parent
    .command("copy")
    .description(
      "Brings up copies that lack at the destinations of their jobs, from the best copy there is. What policy removed stays away.",
    )
    .argument("[backup...]", "names, or JOB/NAME; none, with --missing, means all")
    .option("--missing", "every copy that lacks")
    .option("--to <destination>", "only to this one")
    .option("--from <destination>", "only from this one")
    .option("--job <job>", "only of this job")
    .option("--dry-run", "only say what would be copied");
  addExamples(command, [
    ["codex-backup copy --missing --dry-run", "what lacks, and where it would come from"],
    ["codex-backup copy --missing", "bring it all up"],
    ["codex-backup copy database/codexdb_2026-11-23 --to offsite", "one backup to one destination"],
  ]);
  bind<CopyFlags>(command, (words, flags) => (session) => copy(session, words, flags));
}

function copy(session: Session, backups: readonly string[], flags: CopyFlags): Promise<ExitStatus> {
  const { screen, io } = session;
  const { missing = false, to = null, from = null, job = null, dryRun = false } = flags;
  if (backups.length === 0 && !missing) {
    throw new Failure("usage.refused", "Cannot copy: no backup was named", {
      hint: "Name backups, or say --missing for whatever lacks.",
    });
  }
  return withOperations(session, "destinations", async ({ operations }) => {
    const copies = await operations.copy({ backups, job, to, from, dryRun, signal: io.signal });
    screen.document({ copies });
    screen.print(() => renderCopies(copies, { isDryRun: dryRun, paint: screen.paint }));
    for (const made of copies) tell(session, made);
    return combineExitStatuses(copies.map((made) => made.exit));
  });
}

function tell({ screen }: Session, { backup, destination, warnings, failure }: CopyMade): void {
  for (const warning of warnings) screen.complain(`${backup} at ${destination}: ${warning}`);
  if (failure === null) return;
  screen.complain(`Could not copy ${backup} to ${destination}:`);
  screen.complain(renderFailure(failure, screen.errorPaint));
}
