declare const instantBrand: unique symbol;

/** A moment in UTC: whole milliseconds since 1970-01-01T00:00:00Z. */
export type Instant = number & { readonly [instantBrand]: true };

/** Takes milliseconds since the epoch. Throws RangeError when they name no moment. */
export function instant(epochMs: number): Instant {
  if (!isInstant(epochMs)) throw new RangeError(`not an instant: ${epochMs}`);
  return epochMs;
}

/** Of a file's time, which may lie where no calendar reaches: the first or last moment then. */
export function nearestInstant(epochMs: number): Instant {
  return instant(Math.min(Math.max(epochMs, -8.64e15), 8.64e15));
}

/** True for milliseconds since the epoch that name a moment: a whole number in the range of Date. */
export function isInstant(value: unknown): value is Instant {
  return typeof value === "number" && Number.isSafeInteger(value) && Math.abs(value) <= 8.64e15;
}

/** `2026-11-23T01:00:00.000Z` */
export function formatInstant(at: Instant): string {
  return new Date(at).toISOString();
}

/** Reads what formatInstant writes (any ISO 8601 text with a zone); null when it names no moment. */
export function parseInstant(text: string): Instant | null {
  if (!/(Z|[+-]\d\d:?\d\d)$/.test(text)) return null;
  const epochMs = Date.parse(text);
  return Number.isNaN(epochMs) ? null : instant(epochMs);
}
