import type { KeepPolicy } from "../domain/jobs/job.ts";
import type { KeepSettings } from "./schema/keep.ts";

/** Null for each rule that is not set. */
export function buildKeep(settings: KeepSettings): KeepPolicy {
  return {
    days: settings.days ?? null,
    last: settings.last ?? null,
    hourly: settings.hourly ?? null,
    daily: settings.daily ?? null,
    weekly: settings.weekly ?? null,
    monthly: settings.monthly ?? null,
    yearly: settings.yearly ?? null,
    sizeBytes: settings.size ?? null,
    minimum: settings.minimum,
  };
}
