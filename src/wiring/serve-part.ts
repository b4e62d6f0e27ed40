import { messageOf } from "../domain/failure.ts";
import { type Clock, sleep } from "../platform/clock.ts";
import type { Log } from "../platform/log.ts";

/** Something that `serve` does beside starting runs. */
export interface ServePart {
  readonly name: string;
  /** Works until the signal. What it throws ends only this attempt. */
  work(signal: AbortSignal): Promise<void>;
}

const firstPauseMs = 1000;
const longestPauseMs = 60_000;

/** Keeps a part working until the signal: one that fails is begun again, ever more slowly. Never rejects. */
export async function keepWorking(
  part: ServePart,
  signal: AbortSignal,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Promise<void> {
  let pauseMs = firstPauseMs;
  while (!signal.aborted) {
    const startedMs = clock.monotonicMs();
    try {
      await part.work(signal);
      return;
    } catch (error) {
      if (signal.aborted) return;
      if (clock.monotonicMs() - startedMs > longestPauseMs) pauseMs = firstPauseMs;
      log.error({ part: part.name, againInMs: pauseMs }, `${part.name} failed: ${messageOf(error)}`);
    }
    await sleep(clock, pauseMs, signal).catch(() => undefined); // the loop's condition sees the signal
    pauseMs = Math.min(longestPauseMs, pauseMs * 2);
  }
}
