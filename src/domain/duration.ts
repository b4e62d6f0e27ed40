const unitsMs: readonly (readonly [unit: string, ms: number])[] = [
  ["w", 604_800_000],
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
  ["ms", 1],
];

/**
 * Reads "26h", "30m", "1h30m", "90 s": whole numbers with w, d, h, m, s or ms, larger units first.
 * Returns milliseconds; null for anything else, a bare number included, because its unit would be a guess.
 */
export function parseDuration(text: string): number | null {
  const parts = [...text.trim().matchAll(/(\d+)\s*([a-z]+)\s*/gy)];
  if (parts.length === 0 || parts.map((part) => part[0]).join("") !== text.trim()) return null;
  let totalMs = 0;
  let previousMs = Number.POSITIVE_INFINITY;
  for (const [, digits, unit] of parts) {
    const unitMs = unitsMs.find(([name]) => name === unit)?.[1];
    if (unitMs === undefined || unitMs >= previousMs) return null;
    totalMs += Number(digits) * unitMs;
    previousMs = unitMs;
  }
  return Number.isSafeInteger(totalMs) ? totalMs : null;
}

/** What parseDuration reads back as the same number: "26h", "1h30m". Days and weeks are only used when they fit whole. */
export function formatDuration(durationMs: number): string {
  if (!Number.isSafeInteger(durationMs) || durationMs < 0)
    throw new RangeError(`not a duration: ${durationMs}`);
  if (durationMs === 0) return "0s";
  const whole = unitsMs
    .slice(0, 2)
    .find(([unit, ms]) => durationMs % ms === 0 && (unit === "w" || durationMs > ms));
  if (whole) return `${durationMs / whole[1]}${whole[0]}`;
  let restMs = durationMs;
  let text = "";
  for (const [unit, ms] of unitsMs.slice(2)) {
    const count = Math.floor(restMs / ms);
    restMs -= count * ms;
    if (count > 0) text += `${count}${unit}`;
  }
  return text;
}
