import { Failure } from "../../../domain/failure.ts";
import type { Clock } from "../../../platform/clock.ts";
import { translateAzure } from "./azure-error.ts";

/** A request without a body has so long. */
const shortMs = 60_000;
/** Below this (128 kB a second) a line is taken for dead: no bytes of it may ever come. */
const slowestBytesPerMs = 128;

interface Request {
  readonly doing: string;
  /** What it sends. */
  readonly sizeBytes: number;
}

/**
 * One request. A server that stays silent is given up after a while that fits what is sent, as "destination.unreachable":
 * sockets that are half open report nothing by themselves.
 */
export async function withDeadline<T>(
  clock: Clock,
  { doing, sizeBytes }: Request,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const deadline = new AbortController();
  const waitMs = shortMs + sizeBytes / slowestBytesPerMs;
  const cancel = clock.after(waitMs, () => deadline.abort(silent(doing, waitMs)));
  try {
    return await work(deadline.signal);
  } catch (error) {
    throw deadline.signal.aborted ? deadline.signal.reason : translateAzure(error, doing);
  } finally {
    cancel();
  }
}

function silent(doing: string, waitMs: number): Failure {
  return new Failure(
    "destination.unreachable",
    `Cannot ${doing}: no answer within ${Math.round(waitMs / 1000)} s`,
    { hint: "Look whether the service answers, then run it again." },
  );
}
