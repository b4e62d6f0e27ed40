import type { HttpClock } from "./http.ts";

export interface FlightTimes {
  readonly clock: Pick<HttpClock, "monotonicMs">;
  readonly keepMs: number;
  /** While a new one is being loaded, the one before is still given to those who ask, until it is so old; default: not. */
  readonly oldestMs?: number;
}

/**
 * One load for everybody who asks at the same time, kept for `keepMs` after it is there: however many ask, it is
 * made at most that often. A failure is kept as long, so that a broken disk is not asked a thousand times a second.
 */
export function shareFlight<T>(
  load: () => Promise<T>,
  { clock, keepMs, oldestMs = 0 }: FlightTimes,
): () => Promise<T> {
  let landed: { readonly flight: Promise<T>; readonly atMs: number } | null = null;
  let going: Promise<T> | null = null;
  const ageOf = ({ atMs }: { readonly atMs: number }) => clock.monotonicMs() - atMs;
  const start = (): Promise<T> => {
    const flight = load();
    const land = () => {
      landed = { flight, atMs: clock.monotonicMs() };
      going = null;
    };
    going = flight;
    flight.then(land, land);
    return flight;
  };
  return () => {
    if (landed !== null && ageOf(landed) < keepMs) return landed.flight;
    const next = going ?? start();
    return landed !== null && ageOf(landed) < oldestMs ? landed.flight : next;
  };
}
