import { messageOf } from "../domain/failure.ts";
import { describeDisk, diskConcern } from "../domain/health/disk-concern.ts";
import { type DiskForecast, forecastDisk } from "../domain/health/disk-forecast.ts";
import type { DiskStatus, ListedDestination, ReportedForecast } from "../domain/health/status-report.ts";
import { formatInstant, type Instant } from "../domain/instant.ts";
import type { Context } from "./context.ts";

/**
 * Puts down how full each destination is now, so that there is a history to forecast from. What cannot be put
 * down, as on a full state disk, becomes a warning: status must answer above all when something is wrong.
 */
export function recordDisk(
  context: Context,
  disk: readonly ListedDestination[],
): readonly ListedDestination[] {
  const at = context.clock.now();
  return disk.map((listed) => {
    const { name, id, freeBytes, totalBytes, warnings } = listed;
    if (id === null || freeBytes === null || totalBytes === null) return listed;
    try {
      context.catalog.putDiskSample({ destination: name, destinationId: id, at, freeBytes, totalBytes });
      return listed;
    } catch (error) {
      const seen = messageOf(error);
      return { ...listed, warnings: [...warnings, `how full it is could not be recorded: ${seen}`] };
    }
  });
}

/** Each destination with the day on which it will be full, and whether somebody must be told. */
export function withForecast(context: Context, disk: readonly ListedDestination[]): readonly DiskStatus[] {
  const now = context.clock.now();
  return disk.map((listed) => {
    const { name, id, freeBytes, totalBytes } = listed;
    if (id === null || freeBytes === null || totalBytes === null)
      return { ...listed, forecast: null, summary: null, concern: null };
    const samples = context.catalog.diskSamples(name, id, null);
    const forecast = forecastDisk([...samples, { at: now, freeBytes, totalBytes }], now);
    const facts = { freeBytes, totalBytes, forecast, now };
    return {
      ...listed,
      forecast: reported(forecast),
      summary: describeDisk(facts),
      concern: diskConcern(facts),
    };
  });
}

function reported(forecast: DiskForecast): ReportedForecast {
  const told = (at: Instant | null) => (at === null ? null : formatInstant(at));
  switch (forecast.kind) {
    case "unknown":
      return forecast;
    case "steady":
      return { ...forecast, earliest: told(forecast.earliest) };
    case "filling":
      return {
        ...forecast,
        fullAt: formatInstant(forecast.fullAt),
        earliest: formatInstant(forecast.earliest),
        latest: told(forecast.latest),
      };
    default:
      return forecast satisfies never;
  }
}
