import type { HttpClock } from "./http.ts";

/**
 * One load for everybody who asks at the same time, kept for `keepMs` after it is there: however many ask, it is
 * made at most that often. A failure is kept as long, so that a broken disk is not asked a thousand times a second.
 */
export function shareFlight<T>(
  load: () => Promise<T>,
  { clock, keepMs }: { readonly clock: Pick<HttpClock, "monotonicMs">; readonly keepMs: number },
): () => Promise<T> {
  let flight: Promise<T> | null = null;
  let landedMs: number | null = null;
  return () => {
    if (flight !== null && (landedMs === null || clock.monotonicMs() - landedMs < keepMs)) return flight;
    landedMs = null;
    const land = () => {
      landedMs = clock.monotonicMs();
    };
    flight = load();
    flight.then(land, land);
    return flight;
  };
}
