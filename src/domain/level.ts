/**
 * How far a copy was checked, weakest first (DESIGN 2). "unknown": a check that checked nothing.
 */
export const levels = ["unknown", "stored", "hashed", "read", "restored", "proven"] as const;

export type Level = (typeof levels)[number];

/** The higher, the more was checked; "unknown" ranks lowest. */
export function rankOf(level: Level): number {
  return levels.indexOf(level);
}

/** True when `level` says at least as much as `wanted`. */
export function reaches(level: Level, wanted: Level): boolean {
  return rankOf(level) >= rankOf(wanted);
}

/** "unknown" where there is none. */
export function highest(found: readonly Level[]): Level {
  return found.reduce<Level>((best, level) => (reaches(level, best) ? level : best), "unknown");
}
