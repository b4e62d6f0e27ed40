import type { Instant } from "./instant.ts";
import { createZone } from "./zone.ts";

/** "2026-11-23 02:00 +01:00": a moment in a zone, never without its offset. */
export function wallText(at: Instant, timezone: string): string {
  const offsetMs = createZone(timezone).offsetMs(at);
  const text = new Date(at + offsetMs).toISOString();
  const minutes = Math.round(Math.abs(offsetMs) / 60_000);
  const two = (part: number) => String(Math.floor(part)).padStart(2, "0");
  return `${text.slice(0, 10)} ${text.slice(11, 16)} ${offsetMs < 0 ? "-" : "+"}${two(minutes / 60)}:${two(minutes % 60)}`;
}
