import { describeSize } from "../plain-words.ts";
import type { Anomaly, BackupProfile, PastProfile } from "./anomaly.ts";
import {
  enoughHistory,
  highestExpected,
  lowestExpected,
  medianOf,
  type PastValues,
  usualOf,
} from "./usual.ts";

/** Less than this is schema and chance: what is lost of so little is told by its rows and tables. */
const lossFloorBytes = 100_000;

/** Growth loses nothing; it is worth a look only where it fills a disk. */
const growthFloorBytes = 100_000_000;

/** With one or two earlier backups: four fifths are gone. */
const grossly = 0.2;

/** However slowly: two thirds of what the month had is gone. Only where there is something of a month. */
const bled = 0.35;
const enoughForMonth = 10;

/** Of the uncompressed content. `history`: newest first. */
export function judgeSize(
  { contentBytes }: BackupProfile,
  history: readonly PastProfile[],
): readonly Anomaly[] {
  const past = sizesOf(history);
  if (past.values.length === 0) return [];
  const isShort = past.values.length < enoughHistory;
  const usual = isShort ? Math.max(...past.values) : usualOf(past);
  const limit = isShort ? grossly * Math.min(usual, ...past.accepted) : fallLimit(past);
  if (contentBytes < limit && usual - contentBytes >= lossFloorBytes)
    return [sizeAnomaly(contentBytes, usual, `${percent(1 - contentBytes / usual)} less`)];
  const hasLeapt = contentBytes > highestExpected(past) && contentBytes - usual >= growthFloorBytes;
  if (isShort || !hasLeapt) return [];
  return [
    sizeAnomaly(contentBytes, usual, `${(contentBytes / Math.max(1, usual)).toFixed(1)} times as much`),
  ];
}

function fallLimit(past: PastValues): number {
  const lowest = lowestExpected(past);
  if (past.values.length < enoughForMonth) return lowest;
  const ofMonth = bled * medianOf(past.values);
  return Math.min(Math.max(lowest, ofMonth), ...past.accepted.map((bytes) => 0.7 * bytes));
}

function sizesOf(history: readonly PastProfile[]): PastValues {
  return {
    values: history.map(({ profile }) => profile.contentBytes),
    accepted: history.flatMap(({ profile, isAccepted }) => (isAccepted ? [profile.contentBytes] : [])),
  };
}

function sizeAnomaly(seen: number, usual: number, difference: string): Anomaly {
  const message = `its content is ${describeSize(seen)}, usual is ${describeSize(usual)} (${difference})`;
  return { kind: "size", message };
}

function percent(part: number): string {
  return `${Math.round(part * 100)} %`;
}
