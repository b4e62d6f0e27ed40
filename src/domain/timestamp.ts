import { type Instant, instant } from "./instant.ts";

/** `20261123T010000Z`: a moment in UTC as names of files have it, to the second. */
export function formatTimestamp(at: Instant): string {
  return `${new Date(at).toISOString().slice(0, 19).replaceAll(/[-:]/g, "")}Z`;
}

/** Reads formatTimestamp's form; null when it names no moment. */
export function parseTimestamp(text: string): Instant | null {
  const found = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (!found) return null;
  const [, year, month, day, hour, minute, second] = found;
  const epochMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  // Date.parse carries February 30 over to March; such a name was not made by us.
  return Number.isNaN(epochMs) || formatTimestamp(instant(epochMs)) !== text ? null : instant(epochMs);
}
