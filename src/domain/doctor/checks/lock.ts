import { describeAge } from "../../plain-words.ts";
import { type Diagnosis, diagnose } from "../finding.ts";

export interface LockFacts {
  readonly job: string;
  /** Null: nobody holds it. A dead holder holds nothing: the kernel frees the lock. */
  readonly holder: {
    readonly runId: string | null;
    readonly pid: number | null;
    readonly host: string | null;
    /** Null where the holder has not said. */
    readonly ageMs: number | null;
  } | null;
}

const longMs = 12 * 3_600_000;

/** Whether tonight's run would find the job busy. */
export function judgeLock({ job, holder }: LockFacts): readonly Diagnosis[] {
  if (holder === null) return [diagnose("lock.ok", job, "no run holds its lock")];
  const { runId, pid, host, ageMs } = holder;
  const who = runId === null ? "a run" : `run ${runId} (process ${pid} on ${host})`;
  const age = ageMs === null ? "" : ` for ${describeAge(ageMs)}`;
  const message = `${who} has been at it${age}`;
  if (ageMs === null || ageMs < longMs) return [diagnose("lock.held", job, message)];
  const look = runId === null ? "codex-backup status" : `codex-backup logs ${runId}`;
  const commands = [look, ...(pid === null ? [] : [`kill ${pid}`])];
  return [diagnose("lock.stuck", job, { message: `${message}; tonight's run may find it busy`, commands })];
}
