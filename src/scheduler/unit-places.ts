import type { Clock } from "../platform/clock.ts";

/** The host that units are installed on, as far as installing them goes. */
export interface UnitPlaces {
  /** "/", or the top of another system that is being prepared; there, no service is told. */
  readonly root: string;
  /** Of cron's times. */
  readonly hostTimezone: string;
  readonly clock: Clock;
  readonly childEnv: Readonly<Record<string, string>>;
}

/** Where cron looks, under the root. */
export const cronFile = "etc/cron.d/codex-backup";

/** Where systemd looks for an administrator's units, under the root. */
export const unitDirectory = "etc/systemd/system";
