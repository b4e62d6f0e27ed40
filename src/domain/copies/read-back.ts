/**
 * How a copy's bytes were read back when it was checked last. "direct" and "cached": all of them, from the medium or
 * maybe from a cache. "sample": some blocks; "head": none, only the size was asked for. After these two it is stored, no more.
 */
export const readBacks = ["direct", "cached", "sample", "head"] as const;

export type ReadBack = (typeof readBacks)[number];
