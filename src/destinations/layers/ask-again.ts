import { Failure } from "../../domain/failure.ts";
import { type Clock, sleep } from "../../platform/clock.ts";
import type { Log } from "../../platform/log.ts";

export interface RetryLimits {
  /** The first one included. */
  readonly tries: number;
  readonly firstWaitMs: number;
  readonly longestWaitMs: number;
  /** No try begins later than so long after the first one began. */
  readonly totalMs: number;
}

/** About two minutes: longer than a restart of a server or a change of its address takes, shorter than anybody waits for `status`. */
const patience: RetryLimits = { tries: 6, firstWaitMs: 1000, longestWaitMs: 30_000, totalMs: 120_000 };

interface AskingDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly randomToken: (length: number) => string;
  readonly limits?: RetryLimits;
}

export interface Asking {
  readonly limits: RetryLimits;
  /** Does it, and does it again while it fails with "destination.unreachable". Throws the last failure. */
  ask<T>(doing: string, work: () => Promise<T>): Promise<T>;
  /** Waits as before the so-many-th try (from 2), and says so in the log. */
  pause(tryNumber: number, why: { readonly doing: string; readonly failure: Failure }): Promise<void>;
}

/** How one destination is asked again. */
export function createAsking(destination: string, deps: AskingDeps): Asking {
  const { clock, log, randomToken, limits = patience } = deps;
  const pause: Asking["pause"] = async (tryNumber, { doing, failure }) => {
    const waitMs = waitBefore(tryNumber, limits, shareOf(randomToken(4)));
    log.warn(
      { destination, doing, try: tryNumber, waitMs, code: failure.code },
      `trying again: ${failure.message}`,
    );
    await sleep(clock, waitMs);
  };
  return {
    limits,
    pause,
    async ask(doing, work) {
      const startedMs = clock.monotonicMs();
      for (let tries = 1; ; tries += 1) {
        try {
          return await work();
        } catch (error) {
          const isOver = tries >= limits.tries || clock.monotonicMs() - startedMs >= limits.totalMs;
          if (isOver || !isPassing(error)) throw error;
          await pause(tries + 1, { doing, failure: error });
        }
      }
    },
  };
}

/** Another try may find the storage there. */
export function isPassing(error: unknown): error is Failure {
  return error instanceof Failure && error.code === "destination.unreachable";
}

/** Doubles from try to try; half of it is left to chance, so that many machines do not come back at once. */
function waitBefore(tryNumber: number, limits: RetryLimits, random: number): number {
  const waitMs = Math.min(limits.firstWaitMs * 2 ** (tryNumber - 2), limits.longestWaitMs);
  return Math.round(waitMs * (0.5 + random / 2));
}

/** From 0 to 1, of a token of letters and digits. */
function shareOf(token: string): number {
  return Number.parseInt(token, 36) / (36 ** token.length - 1);
}
