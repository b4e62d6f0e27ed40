import { randomBytes } from "node:crypto";
import type { Instant } from "../domain/instant.ts";
import { formatTimestamp, parseTimestamp } from "../domain/timestamp.ts";

/** So many random bytes. */
export type RandomSource = (count: number) => Uint8Array;

/** The system's own; tests pass a source of their own. */
export const systemRandom: RandomSource = (count) => randomBytes(count);

/** What a run's id tells. */
export interface RunIdParts {
  /** To the second. */
  readonly at: Instant;
  /** Six hex digits that tell runs of the same second apart. */
  readonly suffix: string;
}

/** `20261123T010000Z-ab12cd`: ids sort by their second as plain text and are safe as file names. */
export function createRunId(at: Instant, random: RandomSource): string {
  return `${formatTimestamp(at)}-${Buffer.from(random(3)).toString("hex")}`;
}

/** Reads what createRunId writes; null for anything else, so that it also guards paths made from an id. */
export function parseRunId(text: string): RunIdParts | null {
  const [, timestamp, suffix] = /^(\w{16})-([0-9a-f]{6})$/.exec(text) ?? [];
  if (timestamp === undefined || suffix === undefined) return null;
  const at = parseTimestamp(timestamp);
  return at === null ? null : { at, suffix };
}
