import type { RetainedBackup } from "./retention.ts";
import type { Choice } from "./retention-rules.ts";

/** What a row of backups takes when nobody limits it. */
export interface SizeNeed {
  /** Of what no limit can take away. */
  readonly floorBytes: number;
  /** Of all that the rules want, floors included. */
  readonly wantedBytes: number;
}

type Choices = ReadonlyMap<string, Choice>;

/** The sums of what floors and rules keep. */
export function sizeNeed(backups: readonly RetainedBackup[], choices: Choices): SizeNeed {
  const sum = (chosen: readonly RetainedBackup[]) => chosen.reduce((bytes, one) => bytes + one.sizeBytes, 0);
  return {
    floorBytes: sum(backups.filter(({ id }) => choices.get(id)?.isFloor)),
    wantedBytes: sum(backups.filter(({ id }) => choices.has(id))),
  };
}

/**
 * The backups that rules want and a limit of size has no room for: room is first for the floors, then for the
 * newest, until one does not fit; nothing older than that one is kept in its place, so that history has no holes.
 * What is suspect has the room that is left.
 */
export function findOversize(
  newestFirst: readonly RetainedBackup[],
  choices: Choices,
  limitBytes: number,
): ReadonlySet<string> {
  let leftBytes = limitBytes - sizeNeed(newestFirst, choices).floorBytes;
  const over = new Set<string>();
  const inOrder = [
    ...newestFirst.filter((one) => !one.isSuspect),
    ...newestFirst.filter((one) => one.isSuspect),
  ];
  for (const { id, sizeBytes } of inOrder) {
    const choice = choices.get(id);
    if (!choice || choice.isFloor) continue;
    leftBytes -= sizeBytes;
    if (leftBytes < 0 || over.size > 0) over.add(id);
  }
  return over;
}

/**
 * How many bytes each of several rows of backups may have of one limit: as in a fair queue, one that wants less
 * than an equal part gets what it wants, and the others share the rest equally. An equal part is each one's own,
 * also where the floors of another take more than that: a limit that is passed can be seen and mended, history
 * that was removed is gone. So a database that grows shortens its own history, never its neighbours'.
 */
export function shareSize(limitBytes: number, needs: readonly SizeNeed[]): readonly number[] {
  const grant = ({ floorBytes, wantedBytes }: SizeNeed, level: number) =>
    Math.max(floorBytes, Math.min(wantedBytes, level));
  const total = (level: number) => needs.reduce((sum, need) => sum + grant(need, level), 0);
  const highest = Math.max(0, ...needs.map((need) => need.wantedBytes));
  if (total(highest) <= limitBytes) return needs.map((need) => need.wantedBytes);
  let low = Math.floor(limitBytes / needs.length);
  let high = highest;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (total(middle) <= limitBytes) low = middle;
    else high = middle;
  }
  return needs.map((need) => grant(need, low));
}
