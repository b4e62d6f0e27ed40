import type { PartLimits } from "./object-store.ts";

const mebibyte = 1024 * 1024;
const usualBytes = 8 * mebibyte;
/** A dump may be larger than anybody guessed: so many times the estimate still fits into the parts there are. */
const margin = 4;

export interface PartWish {
  /** Null: nobody knows; then room for twice the usual. */
  readonly expectedBytes: number | null;
  /** The config's own; larger ones are taken where the file would not fit. */
  readonly partBytes: number | null;
}

/** How long every part but the last is. The same for a whole file: some stores refuse unequal parts. */
export function choosePartBytes({ expectedBytes, partBytes }: PartWish, limits: PartLimits): number {
  const needed = Math.ceil(((expectedBytes ?? 0) * margin) / limits.maxParts / mebibyte) * mebibyte;
  const wanted = partBytes ?? (expectedBytes === null ? 2 * usualBytes : usualBytes);
  return Math.min(Math.max(wanted, needed, limits.minBytes), limits.maxBytes);
}
