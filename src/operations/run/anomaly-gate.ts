import {
  type Anomaly,
  type BackupProfile,
  type PastProfile,
  profilesLookedAt,
} from "../../domain/anomalies/anomaly.ts";
import { canClear, isLikeAccepted, judge } from "../../domain/anomalies/judge.ts";
import { profileOf } from "../../domain/anomalies/profile.ts";
import { isSuspect, speaksForNow } from "../../domain/anomalies/suspect.ts";
import { enoughHistory } from "../../domain/anomalies/usual.ts";
import { messageOf } from "../../domain/failure.ts";
import type { Context } from "../context.ts";
import { newestBackup } from "../list.ts";
import type { BackupRun } from "./backup.ts";
import type { Checked } from "./check-shares.ts";
import type { Produced } from "./produce.ts";
import { storedHistory } from "./stored-history.ts";

export interface Gated {
  readonly profile: BackupProfile;
  /** In full, for this machine. */
  readonly anomalies: readonly Anomaly[];
}

export interface Gating {
  readonly produced: Produced;
  readonly checked: Checked;
  /** So far, by a clock that nobody can set. */
  readonly durationMs: number;
}

/**
 * What this backup is like, and what its job's history does not let one expect of it. Goes by the plain facts, which
 * an encrypted manifest will not tell. A history that cannot be read costs no backup; but one that nobody has compared
 * is suspect, so that nothing is pruned on its word.
 */
export function passGate(context: Context, run: BackupRun, { produced, checked, durationMs }: Gating): Gated {
  const { job, producer, startedAt } = run;
  const { content, postgres, capsule, outcome } = checked.inspected;
  const sizes = produced.files.map(
    ({ path, passed, content: plain }) => (plain ?? content.get(path) ?? passed).sizeBytes,
  );
  const contentBytes = sizes.reduce((sum, bytes) => sum + bytes, 0);
  const profile = profileOf({ durationMs, contentBytes, postgres, capsule });
  if (outcome !== "complete") return { profile, anomalies: [] }; // what it lacks is told already
  try {
    const series = { job: job.name, database: producer.database, before: startedAt, limit: profilesLookedAt };
    const history = context.catalog.profiles(series);
    const compared = judge(producer.kind, profile, history);
    const isForgotten = job.encrypt !== null && history.length < enoughHistory && compared.length === 0;
    const found = isForgotten ? judgeStored(context, run, produced) : compared;
    const anomalies = found.length > 0 ? found : handedOn(context, run, { profile, history });
    const isLike = isLikeAccepted(producer.kind, profile, history);
    return { profile: isLike ? { ...profile, isLikeAccepted: true } : profile, anomalies };
  } catch (error) {
    context.log.warn({ job: job.name, error: messageOf(error) }, "cannot compare with earlier backups");
    return { profile, anomalies: [{ kind: "uncompared", message: unnamed.uncompared }] };
  }
}

interface Compared {
  readonly profile: BackupProfile;
  readonly history: readonly PastProfile[];
}

/** A suspicion ends by a word, or by a backup that was compared and found well; never by one that nobody could compare. */
function handedOn(
  context: Context,
  { job, producer }: BackupRun,
  { profile, history }: Compared,
): readonly Anomaly[] {
  const now = context.clock.now();
  const series = { job: job.name, database: producer.database };
  const before = newestBackup(context, series, (row) => speaksForNow(row, now));
  if (before === null || !isSuspect(before)) return [];
  const kinds = before.anomalies.map(({ kind }) => kind);
  if (canClear(kinds, profile, history)) return [];
  const message = `there is too little to compare it with, and "${before.id}" before it is suspect`;
  return [{ kind: "uncompared", message }];
}

/** By the stored files alone: of encrypted backups a rebuilt catalog knows no more. */
function judgeStored(
  context: Context,
  { job, producer, startedAt }: BackupRun,
  { files }: Produced,
): readonly Anomaly[] {
  const history = storedHistory(context, { job: job.name, database: producer.database, before: startedAt });
  const contentBytes = files.reduce((sum, { passed }) => sum + passed.sizeBytes, 0);
  return judge(producer.kind, { durationMs: 0, contentBytes, parts: null }, history);
}

const unnamed: Readonly<Record<Anomaly["kind"], string>> = {
  size: "its content is not as large as usual",
  duration: "its run took longer than usual",
  tables: "tables are gone",
  rows: "tables have fewer rows than usual",
  folders: "folders are gone",
  files: "folders have fewer files than usual",
  uncompared: "it could not be compared with earlier backups",
};

/** As everybody may read it: the manifest of an encrypted backup names no table and no number of its content. */
export function publicAnomalies(anomalies: readonly Anomaly[], isEncrypted: boolean): readonly Anomaly[] {
  return isEncrypted ? anomalies.map(({ kind }) => ({ kind, message: unnamed[kind] })) : anomalies;
}
