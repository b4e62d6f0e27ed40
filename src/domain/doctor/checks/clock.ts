import { isFuture } from "../../health/health.ts";
import type { Instant } from "../../instant.ts";
import { describeAge } from "../../plain-words.ts";
import { type Diagnosis, diagnose } from "../finding.ts";

export interface ClockFacts {
  readonly now: Instant;
  /** Null: nobody here can tell. */
  readonly isSynchronised: boolean | null;
  /** The newest run or backup that is known, of whatever job. */
  readonly newest: { readonly what: string; readonly at: Instant } | null;
  /** Zones of the configuration that this machine does not know. */
  readonly unknownZones: readonly string[];
}

/** Whether the clock can be trusted: retention and schedules hang on it. */
export function judgeClock({ now, isSynchronised, newest, unknownZones }: ClockFacts): readonly Diagnosis[] {
  const found: Diagnosis[] = unknownZones.map((zone) =>
    diagnose("clock.no-zone", zone, {
      message: `the zone "${zone}" is unknown on this machine`,
      commands: ["apt-get install tzdata"],
    }),
  );
  if (newest !== null && isFuture(newest.at, now)) {
    const message = `${newest.what} is dated ${describeAge(newest.at - now)} in the future: the clock is wrong, or was then`;
    found.push(diagnose("clock.went-back", "clock", { message, commands: ["timedatectl"] }));
  }
  if (isSynchronised === false) {
    const message = "the clock is not synchronised with a time server";
    found.push(
      diagnose("clock.unsynchronised", "clock", { message, commands: ["timedatectl set-ntp true"] }),
    );
  }
  if (isSynchronised === null)
    found.push(
      diagnose(
        "clock.unknown",
        "clock",
        "neither timedatectl nor chronyc can tell whether it is synchronised",
      ),
    );
  return found.length > 0 ? found : [diagnose("clock.ok", "clock", "it is synchronised")];
}
