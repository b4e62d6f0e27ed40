import type { Manifest } from "../backups/manifest.ts";
import {
  type Anomaly,
  type AnomalyKind,
  type BackupProfile,
  type PastProfile,
  profilesLookedAt,
} from "./anomaly.ts";
import { judgeDuration } from "./judge-duration.ts";
import { judgeParts } from "./judge-parts.ts";
import { judgeSize } from "./judge-size.ts";
import { enoughHistory } from "./usual.ts";

/**
 * What the history of a job and database does not let one expect of this backup; empty: nothing. The history may come
 * in any order; its newest thirty count. A false alarm costs as much as a miss, since it teaches not to look: each
 * threshold stands with its reason where it is used, and all of them in docs/guide/anomalies.md.
 */
export function judge(
  kind: Manifest["kind"],
  profile: BackupProfile,
  history: readonly PastProfile[],
): readonly Anomaly[] {
  const newest = newestOf(history);
  return [
    ...judgeParts(kind, profile.parts, newest),
    ...judgeSize(profile, newest),
    ...judgeDuration(profile, newest),
  ];
}

/** Whether it is as usual only because somebody has accepted the like of it. */
export function isLikeAccepted(
  kind: Manifest["kind"],
  profile: BackupProfile,
  history: readonly PastProfile[],
): boolean {
  const newest = newestOf(history);
  const others = newest.filter(({ isAccepted }) => !isAccepted);
  if (others.length === newest.length || judge(kind, profile, newest).length > 0) return false;
  return judge(kind, profile, others).length > 0;
}

/**
 * Whether a backup of which nothing is said was compared well enough to end what was said of one before it. What is gross
 * is told with one earlier backup, everything else with three. One that could itself not be compared hands on what was
 * before it, whatever that was.
 */
export function canClear(
  suspected: readonly AnomalyKind[],
  profile: BackupProfile,
  history: readonly PastProfile[],
): boolean {
  const comparable = profile.parts === null ? history : history.filter((past) => past.profile.parts !== null);
  const needed = suspected.every((kind) => grossKinds.includes(kind)) ? 1 : enoughHistory;
  return comparable.length >= needed;
}

const grossKinds: readonly AnomalyKind[] = ["size", "tables", "folders"];

function newestOf(history: readonly PastProfile[]): readonly PastProfile[] {
  return history.toSorted((a, b) => b.createdAt - a.createdAt).slice(0, profilesLookedAt);
}
