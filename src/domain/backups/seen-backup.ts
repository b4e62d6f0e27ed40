import type { ConcernFact, JobFact } from "../alerts/alert-facts.ts";
import type { Anomaly } from "../anomalies/anomaly.ts";
import { isSuspect, speaksForNow } from "../anomalies/suspect.ts";
import { isFuture } from "../health/health.ts";
import type { Instant } from "../instant.ts";
import { describeAge } from "../plain-words.ts";

/** What lies in a directory that another host writes, of one job and database. */
export interface SeenBackups {
  readonly job: string;
  readonly database: string | null;
  /** The newest one whose files are all there with their sizes; null when there is none. */
  readonly newest: { readonly startedAt: Instant; readonly sizeBytes: number } | null;
  /** All whose manifests can be read, newest first. */
  readonly gated: readonly GatedBackup[];
}

/** What the anomaly gate of the other host said of one. */
export interface GatedBackup {
  readonly id: string;
  readonly createdAt: Instant;
  readonly outcome: "complete" | "incomplete";
  readonly adopted: boolean;
  readonly anomalies: readonly Anomaly[];
  /** A mark lies beside it. */
  readonly accepted: boolean;
}

/** How it is judged. */
export interface SeenLimits {
  readonly now: Instant;
  /** Of the directory, for words. */
  readonly path: string;
  readonly maxAgeMs: number;
}

/** Whether what is seen is fresh, and which of it is suspect: nothing else is known of a job whose host says nothing. */
export function judgeSeen({ job, database, newest, gated }: SeenBackups, limits: SeenLimits): JobFact {
  return {
    job,
    database,
    ...verdictOf(newest?.startedAt ?? null, limits),
    isScheduled: false,
    noun: "backup",
    missedSlots: 0,
    silentSince: null,
    lastRun: null,
    lastGoodAt: newest?.startedAt ?? null,
    newestProvenAt: null,
    lastProofOf: null,
    concerns: suspectConcerns(job, gated, limits),
    sizeBytes: newest?.sizeBytes ?? null,
  };
}

/** The newest ones, back to the last that was as usual or was accepted: a later good one has healed what lies before it. */
function suspectConcerns(
  job: string,
  gated: readonly GatedBackup[],
  { now }: SeenLimits,
): readonly ConcernFact[] {
  const speaking = gated.filter((one) => speaksForNow(one, now));
  const healthyAt = speaking.findIndex((one) => !isSuspect(one));
  const suspect = healthyAt < 0 ? speaking : speaking.slice(0, healthyAt);
  const [newest] = suspect;
  const oldest = suspect.at(-1);
  if (newest === undefined || oldest === undefined) return [];
  const told = suspect.map(({ id, anomalies }) => `${id} is suspect: ${messagesOf(anomalies).join("; ")}`);
  return [
    {
      kind: "suspect",
      message: told.join("; "),
      nextStep: `codex-backup show ${job}/${newest.id}`,
      since: oldest.createdAt,
      findings: suspect.flatMap(({ anomalies }) => messagesOf(anomalies)),
    },
  ];
}

function messagesOf(anomalies: readonly Anomaly[]): readonly string[] {
  return anomalies.map(({ message }) => message);
}

function verdictOf(
  at: Instant | null,
  { now, path, maxAgeMs }: SeenLimits,
): Pick<JobFact, "healthy" | "rule" | "reason"> {
  if (at === null) return { healthy: false, rule: "none-left", reason: `no whole backup lies in "${path}"` };
  if (isFuture(at, now)) {
    const reason = `its newest backup in "${path}" is dated ${describeAge(at - now)} in the future`;
    return { healthy: false, rule: "clock", reason };
  }
  const ageMs = Math.max(0, now - at);
  const healthy = ageMs <= maxAgeMs;
  const reason = `its newest whole backup in "${path}" is ${describeAge(ageMs)} old, allowed are ${describeAge(maxAgeMs)}`;
  return { healthy, rule: healthy ? "fresh" : "age", reason };
}
