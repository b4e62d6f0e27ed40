import type { BackupRow } from "../../catalog/catalog.ts";
import { asFailure, type Failure, reportOf } from "../../domain/failure.ts";
import { formatInstant } from "../../domain/instant.ts";
import type { BackupJob } from "../../domain/jobs/job.ts";
import { leavesBackups } from "../../domain/jobs/job.ts";
import { neverProven, type ThrowawayChoice } from "../../domain/jobs/prove-settings.ts";
import type { ProofReport } from "../../domain/proofs/proof-report.ts";
import type { Context } from "../context.ts";
import { startWatch, underWatch } from "../run/watch.ts";
import type { Begun } from "./begun.ts";
import { choosePlace } from "./choose-place.ts";
import { isPruned, prunedFailure } from "./known-copy.ts";
import { proveCopy } from "./prove-copy.ts";

export interface ProofWish {
  readonly row: BackupRow;
  /** Whose copy; null: the best one. */
  readonly destination: string | null;
  /** Null: the job's own. */
  readonly identityFile: string | null;
  /** Null: as the job says. */
  readonly server: ThrowawayChoice | null;
  readonly signal: AbortSignal;
}

/**
 * Proves one copy of a backup, within the time that its job allows. The lock of proofs must be held. Throws only the
 * outer signal's reason; whatever else keeps it from being proven is in the report.
 */
export async function proveBackup(context: Context, wish: ProofWish): Promise<ProofReport> {
  const { row, signal } = wish;
  const begun: Begun = { at: context.clock.now(), ms: context.clock.monotonicMs() };
  const job = jobOf(context, row);
  const settings = job?.prove ?? neverProven;
  const timeoutKey = `jobs.${row.job}.prove.timeout`;
  const limits = { job: row.job, timeoutMs: settings.timeoutMs, stallMs: null, timeoutKey };
  const watch = startWatch(context.clock, signal, limits);
  try {
    return await underWatch(watch, async () => {
      const place = await choosePlace(context, row, wish.destination);
      return proveCopy(context, place, {
        begun,
        job,
        server: wish.server ?? settings.server,
        identityFile: wish.identityFile ?? settings.identityFile,
        signal: watch.signal,
        outer: signal,
      });
    });
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    const failure = isPruned(context, row)
      ? prunedFailure(row.id)
      : asFailure(error, "run.internal", `Cannot prove "${row.id}"`);
    return unreadReport(context, { row, begun, failure });
  }
}

function jobOf({ jobs }: Context, { job }: BackupRow): BackupJob | null {
  const found = jobs.find((candidate) => candidate.name === job);
  return found !== undefined && leavesBackups(found) ? found : null;
}

interface Unread {
  readonly row: BackupRow;
  readonly begun: Begun;
  readonly failure: Failure;
}

/** No copy was come by: there is nothing that a receipt could lie beside. */
function unreadReport({ clock }: Context, { row, begun, failure }: Unread): ProofReport {
  return {
    ...{ backup: row.id, job: row.job, database: row.database, destination: null },
    ...{ outcome: "failed", level: "unknown" },
    startedAt: formatInstant(begun.at),
    durationMs: Math.round(clock.monotonicMs() - begun.ms),
    ...{ restoreMs: null, server: null, contentBytes: 0, openedBy: null, compared: {} },
    ...{ tables: [], differences: [], unproven: [], assertions: [], warnings: [], receipt: null },
    failure: reportOf(failure),
    exit: failure.meaning.exit,
  };
}
