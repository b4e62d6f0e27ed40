import { type Instant, parseInstant } from "../../domain/instant.ts";
import { describeAge } from "../../domain/plain-words.ts";
import { createZone, type Zone } from "../../domain/zone.ts";

const dayMs = 86_400_000;
const weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/** Kept, because a list may show ten thousand times of one zone. */
const zones = new Map<string, Zone>();

function zoneOf(name: string): Zone {
  const zone = zones.get(name) ?? createZone(name);
  zones.set(name, zone);
  return zone;
}

/** "2026-11-23 02:00 +01:00": never without its offset, so that no reader takes it for another zone's. */
export function describeMoment(at: Instant, timezone: string): string {
  const offsetMs = zoneOf(timezone).offsetMs(at);
  const text = new Date(at + offsetMs).toISOString();
  const offsetMinutes = Math.round(offsetMs / 60_000);
  return `${text.slice(0, 10)} ${text.slice(11, 16)} ${describeOffset(offsetMinutes)}`;
}

function describeOffset(minutes: number): string {
  const size = Math.abs(minutes);
  const two = (part: number) => String(Math.floor(part)).padStart(2, "0");
  return `${minutes < 0 ? "-" : "+"}${two(size / 60)}:${two(size % 60)}`;
}

/** "tonight 02:00", "today 14:00", "tomorrow 14:00", "Sunday 05:00", "2026-12-24 02:00", in the zone. */
export function describeUpcoming(at: Instant, now: Instant, timezone: string): string {
  const zone = zoneOf(timezone);
  const there = at + zone.offsetMs(at);
  const here = now + zone.offsetMs(now);
  const time = new Date(there).toISOString().slice(11, 16);
  const days = Math.floor(there / dayMs) - Math.floor(here / dayMs);
  if (isTonight(there, here, days)) return `tonight ${time}`;
  if (days === 0) return `today ${time}`;
  if (days === 1) return `tomorrow ${time}`;
  const date = new Date(there);
  if (days > 1 && days < 7) return `${weekdays[date.getUTCDay()]} ${time}`;
  return `${date.toISOString().slice(0, 10)} ${time}`;
}

/** The day of something past: "today", "yesterday", "Sunday", "2026-11-15", in the zone. */
export function describeDay(at: Instant, now: Instant, timezone: string): string {
  const zone = zoneOf(timezone);
  const there = new Date(at + zone.offsetMs(at));
  const days = Math.floor((now + zone.offsetMs(now)) / dayMs) - Math.floor(there.getTime() / dayMs);
  if (days === 0) return "today";
  if (days === 1) return "yesterday";
  if (days > 1 && days < 7) return weekdays[there.getUTCDay()] ?? "";
  return there.toISOString().slice(0, 10);
}

/** From six in the evening until six in the morning is one night. */
function isTonight(there: number, here: number, days: number): boolean {
  const hourThere = (there % dayMs) / 3_600_000;
  const hourHere = (here % dayMs) / 3_600_000;
  if (days === 0) return hourThere >= 18 || (hourHere < 6 && hourThere < 6);
  return days === 1 && hourThere < 6;
}

/** "6 h ago" of a time in JSON; "in the future" where clocks disagree. */
export function describeAgo(isoTime: string, now: Instant): string {
  const at = parseInstant(isoTime);
  if (at === null) return isoTime;
  return ago(now - at);
}

/** "6 h ago"; "in the future" below zero. */
export function ago(ageMs: number): string {
  return ageMs < 0 ? describeAge(ageMs) : `${describeAge(ageMs)} ago`;
}
