import type { Command } from "commander";
import { combineExitStatuses, type ExitStatus } from "../../domain/outcome.ts";
import type { PruneReport } from "../../operations/operation.ts";
import { addExamples, type Bind } from "../command.ts";
import { renderFailure } from "../render/failure.ts";
import { renderVerdicts } from "../render/verdicts.ts";
import { type Session, withOperations } from "../session.ts";
import { oneMore } from "../values.ts";

interface PruneFlags {
  readonly job?: readonly string[];
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

export function registerPrune(parent: Command, bind: Bind): void {
  const command = parent
    .command("prune")
    .description(
      "Removes what the jobs' keep rules call surplus, and says of every backup why it stays or goes.",
    )
    .option("--job <job>", "only of this job (may be given several times)", oneMore)
    .option("--dry-run", "only say what would go")
    .option("--yes", "go on also when more than half would go at once");
  addExamples(command, [
    ["codex-backup prune --dry-run", "every backup, its verdict and the reasons"],
    ["codex-backup prune --job database", "remove what is surplus"],
  ]);
  bind<PruneFlags>(command, (_words, flags) => (session) => prune(session, flags));
}

function prune(
  session: Session,
  { job: jobs = [], dryRun = false, yes = false }: PruneFlags,
): Promise<ExitStatus> {
  const { screen, io } = session;
  return withOperations(session, "destinations", async ({ operations }) => {
    const verdicts = await operations.prune({ jobs, dryRun, yes, signal: io.signal });
    screen.document({ verdicts });
    screen.print(() => renderVerdicts(verdicts, { isDryRun: dryRun, paint: screen.paint }));
    for (const verdict of verdicts) tell(session, verdict);
    return combineExitStatuses(verdicts.map((verdict) => verdict.exit));
  });
}

function tell({ screen }: Session, { job, destination, backup, failure }: PruneReport): void {
  if (failure === null) return;
  const where = destination === null ? "" : ` at ${destination}`;
  screen.complain(
    backup === null ? `Could not prune ${job}${where}:` : `Could not remove ${backup}${where}:`,
  );
  screen.complain(renderFailure(failure, screen.errorPaint));
}
