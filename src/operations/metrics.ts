import { Counter, Gauge, Registry } from "prom-client";
import type { CopyTally, ReadTally, RunRow, RunTally } from "../catalog/catalog.ts";
import { rulePoints } from "../domain/copies/copies-rule.ts";
import type { JobStatus, StatusReport } from "../domain/health/status-report.ts";
import { type Instant, parseInstant } from "../domain/instant.ts";
import { leavesBackups } from "../domain/jobs/job.ts";
import { reaches } from "../domain/level.ts";
import type { Context } from "./context.ts";
import { gaugesOf, type MetricName } from "./metrics-table.ts";
import { status } from "./status.ts";

/**
 * Moments, not ages: an age that nobody scrapes any more would look fresh for ever. What is not known has no
 * sample. Everything comes from the same look as `status`.
 */
export async function metrics(context: Context): Promise<string> {
  return formatMetrics({
    version: context.version,
    now: context.clock.now(),
    status: await status(context),
    runOf: (runId) => context.catalog.run(runId),
    runTallies: context.catalog.runTallies(),
    copyTallies: context.catalog.copyTallies(),
    readTallies: context.catalog.readTallies(),
  });
}

/** What the text is made of. */
export interface MetricFacts {
  readonly version: string;
  readonly now: Instant;
  readonly status: StatusReport;
  readonly runOf: (runId: string) => RunRow | null;
  readonly runTallies: readonly RunTally[];
  readonly copyTallies: readonly CopyTally[];
  readonly readTallies: readonly ReadTally[];
}

/** Prometheus' text format. */
export function formatMetrics(facts: MetricFacts): Promise<string> {
  const registry = new Registry();
  const gauges = gaugesOf((name, help, labels) => {
    return new Gauge({ name, help, labelNames: [...labels], registers: [registry] });
  });
  const set: Setter = (name, labels, value) => {
    if (value !== null) gauges[name].set({ ...labels }, value);
  };
  set("codex_backup_up", {}, 1);
  set("codex_backup_build_info", { version: facts.version }, 1);
  set("codex_backup_metrics_timestamp_seconds", {}, facts.now / 1000);
  for (const job of facts.status.jobs) tellJob(job, facts, set);
  for (const disk of facts.status.disk) tellDisk(disk, set);
  tellCopies(facts.copyTallies, set);
  tellReading(facts.readTallies, set);
  tellRuns(facts.runTallies, registry);
  for (const { job, outcome, lastAt } of facts.runTallies)
    if (outcome === "complete")
      set("codex_backup_last_success_timestamp_seconds", { backup_job: job }, lastAt / 1000);
  return registry.metrics();
}

type Setter = (
  name: MetricName,
  labels: Readonly<Record<string, string | number>>,
  value: number | null,
) => void;

const outcomes = ["complete", "incomplete", "failed", "skipped"] as const;

function tellJob(job: JobStatus, facts: MetricFacts, set: Setter): void {
  const labels = { backup_job: job.job, database: job.database ?? "" };
  set("codex_backup_job_healthy", { ...labels, kind: job.kind }, job.healthy ? 1 : 0);
  set("codex_backup_newest_good_timestamp_seconds", labels, secondsOf(job.newestGood?.createdAt));
  set("codex_backup_newest_proven_timestamp_seconds", labels, secondsOf(job.newestProven?.createdAt));
  if (leavesBackups(job)) tellProofs(job, labels, set);
  tellRule(job.copiesRule, labels, set);
  set("codex_backup_newest_good_size_bytes", labels, job.sizeBytes);
  set("codex_backup_next_slot_timestamp_seconds", labels, secondsOf(job.nextSlot));
  set("codex_backup_missed_slots", labels, job.missedSlots.length);
  const run = job.lastRun === null ? null : facts.runOf(job.lastRun.runId);
  if (run === null) return;
  set("codex_backup_job_running", labels, run.outcome === null ? 1 : 0);
  set("codex_backup_last_run_timestamp_seconds", labels, run.startedAt / 1000);
  if (run.finishedAt === null) return;
  set("codex_backup_last_run_duration_seconds", labels, (run.finishedAt - run.startedAt) / 1000);
  for (const outcome of outcomes)
    set("codex_backup_last_run_outcome", { ...labels, outcome }, run.outcome === outcome ? 1 : 0);
}

const proofOutcomes = ["proven", "mismatch", "failed"] as const;

function tellProofs(job: JobStatus, labels: Readonly<Record<string, string>>, set: Setter): void {
  const { lastProof, recovery, rtoMs, concerns } = job;
  set("codex_backup_suspect", labels, concerns.some(({ kind }) => kind === "suspect") ? 1 : 0);
  set("codex_backup_gone", labels, concerns.some(({ kind }) => kind === "gone") ? 1 : 0);
  set("codex_backup_copies_unread", labels, concerns.some(({ kind }) => kind === "unread") ? 1 : 0);
  set("codex_backup_pruning_stuck", labels, concerns.some(({ kind }) => kind === "pruning") ? 1 : 0);
  set("codex_backup_rto_seconds", labels, rtoMs === null ? null : rtoMs / 1000);
  set("codex_backup_restore_estimate_seconds", labels, recovery === null ? null : recovery.estimateMs / 1000);
  set("codex_backup_restore_measured_timestamp_seconds", labels, secondsOf(recovery?.measuredAt));
  if (lastProof === null) return;
  set("codex_backup_last_proof_timestamp_seconds", labels, secondsOf(lastProof.at));
  set("codex_backup_last_proof_duration_seconds", labels, lastProof.durationMs / 1000);
  for (const outcome of proofOutcomes)
    set("codex_backup_last_proof_outcome", { ...labels, outcome }, lastProof.outcome === outcome ? 1 : 0);
}

function tellDisk(disk: StatusReport["disk"][number], set: Setter): void {
  const { name, freeBytes, totalBytes, failure, forecast } = disk;
  const labels = { destination: name };
  set("codex_backup_destination_usable", labels, failure === null ? 1 : 0);
  set("codex_backup_destination_free_bytes", labels, freeBytes);
  set("codex_backup_destination_size_bytes", labels, totalBytes);
  const fullAt = forecast?.kind === "filling" ? secondsOf(forecast.fullAt) : null;
  set("codex_backup_destination_full_timestamp_seconds", labels, fullAt);
}

function tellCopies(tallies: readonly CopyTally[], set: Setter): void {
  const oldestUnread = new Map<string, Instant>();
  for (const { destination, state, level, count, oldestAt } of tallies) {
    set("codex_backup_copies", { destination, state, level }, count);
    if (state !== "whole" || reaches(level, "hashed")) continue;
    const oldest = oldestUnread.get(destination);
    if (oldest === undefined || oldestAt < oldest) oldestUnread.set(destination, oldestAt);
  }
  for (const [destination, at] of oldestUnread)
    set("codex_backup_oldest_unread_copy_timestamp_seconds", { destination }, at / 1000);
}

/** Of each destination the copy whose reading is longest ago, whatever job it is of. */
function tellReading(tallies: readonly ReadTally[], set: Setter): void {
  for (const [destination, here] of Map.groupBy(tallies, (tally) => tally.destination)) {
    const moments = here.flatMap(({ oldestReadAt }) => (oldestReadAt === null ? [] : [oldestReadAt]));
    const oldest = moments.length === 0 ? null : Math.min(...moments) / 1000;
    set("codex_backup_oldest_read_copy_timestamp_seconds", { destination }, oldest);
  }
}

function tellRule(
  rule: JobStatus["copiesRule"],
  labels: Readonly<Record<string, string>>,
  set: Setter,
): void {
  if (rule === null) return;
  set("codex_backup_copies_rule_kept", labels, rule.lacking.length === 0 ? 1 : 0);
  for (const point of rulePoints)
    set("codex_backup_copies_rule", { ...labels, point: point.toLowerCase() }, rule[point]);
}

function tellRuns(tallies: readonly RunTally[], registry: Registry): void {
  const name = "codex_backup_runs_total";
  const help = "Runs that have ended, by how.";
  const counter = new Counter({ name, help, labelNames: ["backup_job", "outcome"], registers: [registry] });
  for (const { job, outcome, count } of tallies) counter.inc({ backup_job: job, outcome }, count);
}

function secondsOf(time: string | null | undefined): number | null {
  const at = typeof time === "string" ? parseInstant(time) : null;
  return at === null ? null : at / 1000;
}
