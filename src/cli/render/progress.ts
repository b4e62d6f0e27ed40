import { describeAge, describeSize } from "../../domain/plain-words.ts";
import type { Progress } from "../../domain/runs/progress.ts";

/** "database  dump  120 MB of 908 MB (13 %)  45.0 MB/s  18 s left  public.audit_logs"; bytes a second, null while nobody knows. */
export function renderProgress(progress: Progress, bytesPerSecond: number | null): string {
  const { subject, step, doneBytes, current } = progress;
  // An estimate that was passed says nothing any more.
  const totalBytes =
    progress.totalBytes !== null && progress.totalBytes >= doneBytes ? progress.totalBytes : null;
  const amount =
    totalBytes === null
      ? describeSize(doneBytes)
      : `${describeSize(doneBytes)} of ${describeSize(totalBytes)} (${share(doneBytes, totalBytes)})`;
  const isMoving = bytesPerSecond !== null && bytesPerSecond >= 1;
  const rate = isMoving ? `${describeSize(bytesPerSecond)}/s` : null;
  const left =
    isMoving && totalBytes !== null
      ? `${describeAge(((totalBytes - doneBytes) / bytesPerSecond) * 1000)} left`
      : null;
  return [subject, step, amount, rate, left, current]
    .filter((part) => part !== null && part !== "")
    .join("  ");
}

function share(doneBytes: number, totalBytes: number): string {
  return `${totalBytes === 0 ? 100 : Math.floor((doneBytes / totalBytes) * 100)} %`;
}
