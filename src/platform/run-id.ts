import { randomBytes } from "node:crypto";
import { formatInstant, type Instant, parseInstant } from "../domain/instant.ts";

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
  const found = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-([0-9a-f]{6})$/.exec(text);
  if (!found) return null;
  const [, year, month, day, hour, minute, second, suffix] = found;
  const at = parseInstant(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (at === null || suffix === undefined) return null;
  // Date.parse takes February 30 for March 2: only what would be written again counts
  return text.startsWith(formatTimestamp(at)) ? { at, suffix } : null;
}

/** `20261123T010000Z`: UTC, to the second, cut and not rounded. */
export function formatTimestamp(at: Instant): string {
  return formatInstant(at)
    .replace(/\.\d+Z$/, "Z")
    .replaceAll(/[-:]/g, "");
}
