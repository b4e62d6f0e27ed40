import { describeDuration } from "../plain-words.ts";
import type { Anomaly, BackupProfile, PastProfile } from "./anomaly.ts";
import { enoughHistory, medianOf } from "./usual.ts";

/** Three times the usual length: load and a slow disk make twice of it on many a night. */
const longer = 3;

/** A minute more is what a person would notice; jobs of a few seconds vary by more than their length. */
const floorMs = 60_000;

/** Nights of late that were slow, too: with two of them, slow is what it is now. */
const recently = 7;

/** A run that took much longer than usual, for what it had to do. `history`: newest first. */
export function judgeDuration(
  { durationMs, contentBytes }: BackupProfile,
  history: readonly PastProfile[],
): readonly Anomaly[] {
  if (history.length < enoughHistory) return [];
  const durations = history.map(({ profile }) => profile.durationMs);
  const usual = medianOf(durations);
  const growth = contentBytes / Math.max(1, medianOf(history.map(({ profile }) => profile.contentBytes)));
  const [, secondSlowest = 0] = durations.slice(0, recently).toSorted((a, b) => b - a);
  const accepted = history.flatMap(({ profile, isAccepted }) => (isAccepted ? [profile.durationMs] : []));
  const slowest = Math.max(secondSlowest, ...accepted);
  const isLong = durationMs >= longer * usual * Math.max(1, growth) && durationMs > 1.5 * slowest;
  if (!isLong || durationMs - usual < floorMs) return [];
  const message = `its run took ${describeDuration(durationMs)}, usual are ${describeDuration(usual)}`;
  return [{ kind: "duration", message }];
}
