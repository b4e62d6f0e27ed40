import type { RunRow } from "../../catalog/catalog.ts";
import { asFailure, type Failure, messageOf, reportOf } from "../../domain/failure.ts";
import { formatInstant, type Instant } from "../../domain/instant.ts";
import { highest } from "../../domain/level.ts";
import type { ExitStatus, Outcome } from "../../domain/outcome.ts";
import { describeDuration } from "../../domain/plain-words.ts";
import type { CopyReport, ReportedBackup, RunPruning, RunReport } from "../../domain/runs/run-report.ts";
import type { Context, RunLog } from "../context.ts";
import { isSealedJob, withhold } from "./withhold.ts";

/** What a run came to, as its job kind tells it. */
export interface Work {
  readonly outcome: Outcome;
  readonly backup: ReportedBackup | null;
  readonly copies: readonly CopyReport[];
  readonly windowMs: number | null;
  /** Left out: nothing was to be pruned. */
  readonly pruned?: RunPruning;
  /** The work stands, but what was to follow it failed; `warnings` says what. Left out: no. */
  readonly isUnfinished?: boolean;
  readonly warnings: readonly string[];
  /** What may name the content of an encrypted backup; left out: nothing. */
  readonly untold?: readonly string[];
  readonly failure: Failure | null;
  /** One line for people; null: outcome and duration say enough. */
  readonly summary: string | null;
}

export interface AttemptFacts {
  readonly runId: string;
  readonly job: string;
  readonly database: string | null;
  readonly slot: Instant | null;
}

/**
 * One run, from its row to its report: the row stands before any work begins and is closed whatever
 * happens; the work has a log of its own.
 */
export async function attempt(
  context: Context,
  facts: AttemptFacts,
  work: (inner: Context, startedAt: Instant) => Promise<Work>,
): Promise<RunReport> {
  const { clock, catalog, host } = context;
  const startedAt = clock.now();
  const startedMs = clock.monotonicMs();
  const row: RunRow = {
    ...facts,
    startedAt,
    finishedAt: null,
    outcome: null,
    backupId: null,
    failure: null,
    warnings: [],
    summary: "running",
    pid: host.pid,
    bootId: host.bootId,
    host: host.name,
  };
  catalog.updateRun(row); // inserts; a run that was refused before may have its row already
  const runLog = openLog(context, facts.runId);
  try {
    runLog.log.info({ ...facts }, "run started");
    const seen = await work({ ...context, log: runLog.log }, startedAt).catch((error: unknown) =>
      failedWork(asFailure(error, "run.internal", `Cannot run "${facts.job}"`)),
    );
    const done = isSealedJob(context, facts.job) ? withhold(seen, facts) : seen;
    const durationMs = Math.round(clock.monotonicMs() - startedMs);
    const report = reportOn(row, done, durationMs);
    tell(runLog.log, report, done.failure);
    return closeRow(context, row, { report, untold: done.untold ?? [] });
  } finally {
    runLog.close();
  }
}

/** A run without a log of its own is better than no run. */
function openLog(context: Context, runId: string): RunLog {
  try {
    return context.openRunLog(runId);
  } catch (error) {
    context.log.error({ runId, error: messageOf(error) }, "cannot keep a log of this run");
    return { log: context.log, close: () => undefined };
  }
}

interface Ended {
  readonly report: RunReport;
  readonly untold: readonly string[];
}

/** What a run has done is told even when the catalog can no longer be written. */
function closeRow({ catalog, clock }: Context, row: RunRow, { report, untold }: Ended): RunReport {
  try {
    catalog.atomically(() => {
      catalog.updateRun({ ...row, ...closing(report), finishedAt: clock.now() });
      if (untold.length > 0) catalog.putUntold(row.runId, untold);
    });
    return report;
  } catch (error) {
    return {
      ...report,
      warnings: [...report.warnings, `the catalog does not know of this run: ${messageOf(error)}`],
    };
  }
}

/** For what fails before it has begun. */
export function failedWork(failure: Failure): Work {
  return {
    outcome: "failed",
    backup: null,
    copies: [],
    windowMs: null,
    warnings: [],
    failure,
    summary: null,
  };
}

function reportOn(row: RunRow, work: Work, durationMs: number): RunReport {
  const level = highest(work.copies.map((copy) => copy.level));
  return {
    runId: row.runId,
    job: row.job,
    database: row.database,
    slot: row.slot === null ? null : formatInstant(row.slot),
    outcome: work.outcome,
    level,
    startedAt: formatInstant(row.startedAt),
    durationMs,
    windowMs: work.windowMs,
    backup: work.backup,
    copies: work.copies,
    pruned: work.pruned ?? null,
    warnings: work.warnings,
    failure: work.failure === null ? null : reportOf(work.failure),
    summary: work.summary ?? `${work.outcome}, ${describeDuration(durationMs)}`,
    exit: exitOf(work),
  };
}

/** A backup that stands is complete whatever pruning and hooks came to; that a last step was not done is told by 3. */
function exitOf({ outcome, failure, pruned, isUnfinished = false }: Work): ExitStatus {
  if (outcome === "complete") return isUnfinished || (pruned?.failures.length ?? 0) > 0 ? 3 : 0;
  if (outcome === "incomplete") return 3;
  return failure?.meaning.exit ?? 1;
}

function closing(
  report: RunReport,
): Pick<RunRow, "outcome" | "backupId" | "failure" | "warnings" | "summary"> {
  const { outcome, failure, warnings, summary } = report;
  return { outcome, backupId: report.backup?.id ?? null, failure, warnings, summary };
}

function tell(log: Context["log"], report: RunReport, failure: Failure | null): void {
  const { outcome, durationMs, backup } = report;
  for (const warning of report.warnings) log.warn({}, warning);
  if (failure === null) {
    log.info({ outcome, durationMs, backup: backup?.id ?? null }, "run finished");
    return;
  }
  const cause = failure.cause instanceof Error ? (failure.cause.stack ?? failure.cause.message) : null;
  log.error(
    { outcome, durationMs, code: failure.code, hint: failure.hint, cause, ...failure.context },
    failure.message,
  );
}
