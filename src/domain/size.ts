/** Largest first; decimal before binary, so that formatSize prefers what people write. */
const unitsBytes: readonly (readonly [unit: string, bytes: number])[] = [
  ["TB", 1e12],
  ["TiB", 2 ** 40],
  ["GB", 1e9],
  ["GiB", 2 ** 30],
  ["MB", 1e6],
  ["MiB", 2 ** 20],
  ["kB", 1000],
  ["KiB", 1024],
  ["B", 1],
];

/**
 * Reads "256 MB", "1.5GiB", "512 kB", "0 B": decimal (MB) and binary (MiB) units, in any case. Returns whole
 * bytes; null for anything else, a bare number included, because its unit would be a guess.
 */
export function parseSize(text: string): number | null {
  const found = /^(\d+(?:\.\d+)?)\s*([a-z]+)$/i.exec(text.trim());
  if (!found) return null;
  const [, digits, unit = ""] = found;
  const unitBytes = unitsBytes.find(([name]) => name.toLowerCase() === unit.toLowerCase())?.[1];
  if (unitBytes === undefined) return null;
  const sizeBytes = Math.round(Number(digits) * unitBytes);
  return Number.isSafeInteger(sizeBytes) ? sizeBytes : null;
}

/** "2 GB" or "2 GB/day", as parseSize: a budget is always a day's. Null also for nothing. */
export function parseBudget(text: string): number | null {
  const sizeBytes = parseSize(text.trim().replace(/\s*\/\s*day$/i, ""));
  return sizeBytes === 0 ? null : sizeBytes;
}

/** What parseSize reads back as the same number: the largest unit that leaves no fraction ("256 MB", "1 GiB", "1234567 B"). */
export function formatSize(sizeBytes: number): string {
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 0) throw new RangeError(`not a size: ${sizeBytes}`);
  const fitting = unitsBytes.find(([, bytes]) => sizeBytes >= bytes && sizeBytes % bytes === 0);
  return fitting ? `${sizeBytes / fitting[1]} ${fitting[0]}` : `${sizeBytes} B`;
}
