import type { Destination } from "../../destinations/destination.ts";
import { Failure } from "../../domain/failure.ts";
import type { Clock } from "../../platform/clock.ts";
import { watchForStall } from "../delivery/stall.ts";
import type { Watch } from "./watch.ts";

/**
 * How long one destination may take no byte, or give none back: half of the time that the job lets a run be silent, so that
 * a destination is given up before the run is.
 */
export function patienceOf({ stallMs }: { readonly stallMs: number | null }): number | null {
  return stallMs === null ? null : stallMs / 2;
}

interface Patience {
  readonly destination: Destination;
  /** Null: without end. */
  readonly stallMs: number | null;
}

/**
 * The run's watch, seen from one destination: it also ends when this one no longer moves, with "destination.lagging".
 * What was read or written there then costs that destination's copy, and nothing else.
 */
export async function underShareWatch<T>(
  clock: Clock,
  { watch, destination, stallMs }: Patience & { readonly watch: Watch },
  work: (own: Watch) => Promise<T>,
): Promise<T> {
  const ending = new AbortController();
  const onStall = () => ending.abort(silent(destination, stallMs ?? 0));
  const stall = watchForStall(clock, stallMs, { isWaiting: () => true, onStall });
  const own: Watch = {
    signal: AbortSignal.any([watch.signal, ending.signal]),
    touch() {
      stall.touch();
      watch.touch();
    },
    stop: stall.stop,
  };
  try {
    return await work(own);
  } catch (error) {
    throw ending.signal.aborted && !watch.signal.aborted ? ending.signal.reason : error;
  } finally {
    stall.stop();
  }
}

function silent({ name }: Destination, stallMs: number): Failure {
  return new Failure(
    "destination.lagging",
    `Cannot keep up at "${name}": no byte has moved for ${Math.round(stallMs / 1000)} s`,
    {
      hint: "See whether its server answers; what it lacks is brought up by the next run, or by codex-backup copy --missing.",
      context: { isStalled: true },
    },
  );
}
