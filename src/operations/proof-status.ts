import type { BackupRow, ProofRow } from "../catalog/catalog.ts";
import { isSuspect, speaksForNow } from "../domain/anomalies/suspect.ts";
import { shellWord } from "../domain/doctor/finding.ts";
import { isFuture } from "../domain/health/health.ts";
import type { ProofFacts } from "../domain/health/proof-health.ts";
import type { JobConcern, JobStatus } from "../domain/health/status-report.ts";
import { formatInstant, type Instant } from "../domain/instant.ts";
import { type BackupJob, type Job, leavesBackups } from "../domain/jobs/job.ts";
import type { ProofReport } from "../domain/proofs/proof-report.ts";
import { type RecoveryTime, recoveryTime } from "../domain/recovery/recovery-time.ts";
import { judgeRto, type RtoFinding } from "../domain/recovery/rto.ts";
import { parseCron, previousSlot } from "../domain/slots/schedule.ts";
import type { Context } from "./context.ts";
import { isGood, newestBackup } from "./list.ts";

/** So many of the newest proofs of a database tell of it. */
const proofsLookedAt = 50;

type Parts = Pick<Context, "catalog" | "clock">;

/** What the catalog knows of the proofs of one database, or of a capsule. */
export interface ProofStatus extends Pick<JobStatus, "lastProof" | "recovery" | "rtoMs" | "concerns"> {
  /** Null where nothing is to be proven. */
  readonly facts: ProofFacts | null;
}

const nothing: ProofStatus = { lastProof: null, recovery: null, rtoMs: null, concerns: [], facts: null };

export interface Proven {
  readonly job: Job;
  readonly database: string | null;
  /** The newest good backup, and the newest proven one. */
  readonly good: BackupRow | null;
  readonly proven: BackupRow | null;
}

/** Asks the catalog only. */
export function proofStatus(parts: Parts, { job, database, good, proven }: Proven): ProofStatus {
  if (!leavesBackups(job)) return nothing;
  const now = parts.clock.now();
  const series = { job: job.name, database };
  const rows = newestProofs(parts, series);
  const recovery = recoveryTime(measuredBy(rows), contentBytesOf(parts, good, rows), now);
  const rto = judgeRto(job.rtoMs, recovery);
  return {
    lastProof: rows[0] === undefined ? null : reported(rows[0]),
    recovery: reportedTime(recovery),
    rtoMs: job.rtoMs,
    concerns: [
      ...suspectConcerns(parts, series),
      ...emptyConcerns(rows),
      ...unprovenConcerns(parts, rows),
      ...rtoConcerns(job, rto),
    ],
    facts: factsOf(parts, job, { rows, database, good, proven, rto }),
  };
}

/** How long a restore of this backup takes, by what proofs of its job and database have measured. */
export function recoveryOfBackup(parts: Parts, row: BackupRow, contentBytes: number): JobStatus["recovery"] {
  const rows = newestProofs(parts, { job: row.job, database: row.database });
  const proved = rows.find(({ backupId }) => backupId === row.id)?.contentBytes;
  return reportedTime(recoveryTime(measuredBy(rows), proved ?? contentBytes, parts.clock.now()));
}

function reportedTime(recovery: RecoveryTime | null): JobStatus["recovery"] {
  return recovery === null ? null : { ...recovery, measuredAt: formatInstant(recovery.measuredAt) };
}

/** One that a wrong clock has dated into the future would answer every slot until then. */
function newestProofs({ catalog, clock }: Parts, series: Series): readonly ProofRow[] {
  const now = clock.now();
  return catalog.proofs({ ...series, limit: proofsLookedAt }).filter(({ at }) => !isFuture(at, now));
}

interface Known extends Pick<Proven, "database" | "good" | "proven"> {
  readonly rows: readonly ProofRow[];
  readonly rto: RtoFinding | null;
}

function factsOf(parts: Parts, job: BackupJob, { rows, database, good, proven, rto }: Known): ProofFacts {
  const now = parts.clock.now();
  const { schedule, afterEach } = job.prove;
  const cron = schedule === null ? null : parseCron(schedule, job.timezone);
  const isWanted = cron !== null || afterEach;
  const verdict = rows.find(({ outcome }) => outcome !== "failed");
  const durations = rows.map(({ durationMs }) => durationMs).toSorted((a, b) => a - b);
  return {
    now,
    slotBefore: cron === null ? null : (at) => previousSlot(cron, at),
    afterEach,
    knownSince: isWanted ? parts.catalog.knownSince(`${job.name}:prove`, now) : now,
    newestGoodAt: good?.createdAt ?? null,
    goodBefore: (at) => goodBefore(parts, { job: job.name, database }, at),
    lastProvenAt: rows.find(({ outcome }) => outcome === "proven")?.at ?? null,
    provenBackupAt: proven?.createdAt ?? null,
    lastVerdict: verdict === undefined ? null : verdictOf(verdict),
    nothing: nothingOf(parts, rows),
    graceMs: job.graceMs,
    usualProofMs: durations[Math.floor(durations.length / 2)] ?? null,
    rto,
  };
}

/** It came back, and there was nothing in it. */
export function foundNothing({ failure, restoreMs }: Pick<ProofReport, "failure" | "restoreMs">): boolean {
  return failure?.code === "proof.nothing" && restoreMs !== null;
}

function nothingOf({ catalog }: Parts, [last]: readonly ProofRow[]): ProofFacts["nothing"] {
  if (last === undefined || !foundNothing(last)) return null;
  return { at: last.at, backupAt: catalog.backup(last.job, last.backupId)?.createdAt ?? null };
}

function emptyConcerns([last]: readonly ProofRow[]): readonly JobConcern[] {
  if (last === undefined || !foundNothing(last)) return [];
  const { job, backupId, at } = last;
  return [
    {
      kind: "empty",
      message: `nothing to prove: ${backupId} holds nothing that could be compared`,
      nextStep: `codex-backup show ${shellWord(`${job}/${backupId}`)}`,
      since: formatInstant(at),
    },
  ];
}

/** Proofs by hand that failed, until one has found something: what a planned one came to is told of its own run. */
function unprovenConcerns(parts: Parts, rows: readonly ProofRow[]): readonly JobConcern[] {
  const answered = rows.findIndex((row) => row.outcome !== "failed" || foundNothing(row));
  const failed = answered < 0 ? rows : rows.slice(0, answered);
  const byHand = failed.filter((row) => !isOfRun(parts, row));
  const [last] = byHand;
  if (last === undefined) return [];
  const { job, backupId, summary } = last;
  return [
    {
      kind: "unproven",
      message: `the proof of ${backupId} by hand failed: ${summary}`,
      nextStep: `codex-backup prove ${shellWord(`${job}/${backupId}`)}`,
      since: formatInstant(byHand.at(-1)?.at ?? last.at),
    },
  ];
}

function isOfRun({ catalog }: Parts, { job, at }: ProofRow): boolean {
  const runs = catalog.runs({ job: `${job}:prove`, limit: 200 });
  return runs.some(({ startedAt, finishedAt }) => startedAt <= at && at <= (finishedAt ?? at));
}

function verdictOf({ outcome, at, backupId, summary }: ProofRow): ProofFacts["lastVerdict"] {
  return outcome === "failed" ? null : { outcome, at, backupId, summary };
}

interface Series {
  readonly job: string;
  readonly database: string | null;
}

function goodBefore(parts: Parts, series: Series, at: Instant): Instant | null {
  return newestBackup(parts, series, (row) => row.createdAt <= at && isGood(row))?.createdAt ?? null;
}

/** Of what came back whole: a restore that left rows out, or brought others, says nothing of how long one takes. */
function measuredBy(rows: readonly ProofRow[]) {
  return rows.flatMap(({ at, outcome, restoreMs, contentBytes }) =>
    restoreMs === null || outcome !== "proven" ? [] : [{ at, restoreMs, contentBytes }],
  );
}

/** Of what would be restored now; that of the last proof where the newest good backup does not tell. */
function contentBytesOf(
  { catalog, clock }: Parts,
  good: BackupRow | null,
  rows: readonly ProofRow[],
): number {
  const proved = rows.find(({ backupId }) => backupId === good?.id)?.contentBytes;
  const profiles =
    good === null || proved !== undefined
      ? []
      : catalog.profiles({ job: good.job, database: good.database, before: clock.now(), limit: 1 });
  return proved ?? profiles[0]?.profile.contentBytes ?? rows[0]?.contentBytes ?? 0;
}

function reported({
  backupId,
  at,
  outcome,
  durationMs,
  summary,
}: ProofRow): NonNullable<JobStatus["lastProof"]> {
  return { backup: backupId, at: formatInstant(at), outcome, durationMs, summary };
}

function suspectConcerns({ catalog, clock }: Parts, series: Series): readonly JobConcern[] {
  const newest = newestBackup({ catalog }, series, (row) => speaksForNow(row, clock.now()));
  if (newest === null || !isSuspect(newest)) return [];
  const { job, id, anomalies, createdAt } = newest;
  return [
    {
      kind: "suspect",
      message: `${id} is suspect, and nothing is pruned: ${anomalies.map(({ message }) => message).join("; ")}`,
      nextStep: `codex-backup show ${job}/${id}`,
      since: formatInstant(createdAt),
      findings: anomalies.map(({ message }) => message),
    },
  ];
}

function rtoConcerns({ name }: Job, rto: RtoFinding | null): readonly JobConcern[] {
  if (rto?.kind !== "near") return [];
  return [{ kind: "rto", message: rto.message, nextStep: `codex-backup list --job ${name}`, since: null }];
}
