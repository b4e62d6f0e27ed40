import { failureTable } from "../failure-table.ts";
import { concernKinds } from "../health/status-report.ts";
import { type Instant, instant } from "../instant.ts";
import type { AlertFacts, ConcernFact, DiskFact, JobFact } from "./alert-facts.ts";
import type { AlertEvent } from "./alert-message.ts";

/** Something that is not as it should be, at this moment. */
export interface Condition {
  /** What it is about; one thing has one condition at a time. */
  readonly key: string;
  readonly event: ProblemEvent;
  readonly job: string | null;
  readonly database: string | null;
  /** Half a sentence: what was seen. */
  readonly what: string;
  /** What `what` is made of, without numbers: another one that joins them later is told, too. */
  readonly findings: readonly string[];
  /** One imperative sentence; null when nothing better is known than the next step. */
  readonly hint: string | null;
  /** The exact command to type next. */
  readonly nextStep: string;
  /** When it began, as far as that is known; null: now. */
  readonly since: Instant | null;
  readonly lastGoodAt: Instant | null;
  /** What a good one is called; null where there is no such thing. */
  readonly noun: JobFact["noun"] | null;
  readonly runId: string | null;
}

export type ProblemEvent = Exclude<AlertEvent, "recovered" | "digest" | "test">;

/** The key of a job, or of one database of it: it never changes while an incident lasts. */
export function jobKey({ job, database }: Pick<JobFact, "job" | "database">): string {
  return database === null ? `job/${job}` : `job/${job}/${database}`;
}

const toolKey = "tool";

/** What one look has found. */
export interface Findings {
  /** At most one for each key. */
  readonly conditions: readonly Condition[];
  /** The keys of what is as it should be. */
  readonly well: readonly string[];
  /** The keys of what nothing new is known of, because the tool itself does not run. */
  readonly unknown: readonly string[];
}

/**
 * Everything that is wrong. When not one of several planned jobs has started, the tool itself does not work:
 * that is told once, and not once for each job.
 */
export function findingsOf(facts: AlertFacts): Findings {
  const dead = facts.extent === "whole" ? deadTool(facts) : null;
  const silent = facts.jobs.filter((job) => dead !== null && job.silentSince !== null);
  const told = facts.jobs.filter((job) => !silent.includes(job));
  const jobs = told.flatMap((job) => [...jobConditions(job), ...concernConditions(job)]);
  const disk = facts.disk.flatMap(diskConditions);
  const conditions = [...(dead === null ? [] : [dead]), ...withoutEchoes(jobs), ...disk];
  // A restore that was close to its limit may have missed it, and a job that is not well says one thing of itself.
  const hidden = told.flatMap((job) => [
    ...(job.healthy ? [] : [concernKey(job, "rto")]),
    ...(isDamagedItself(job) ? [concernKey(job, "damaged")] : []),
  ]);
  // A look after a run asks no files, and so not for keys: it cannot say that their concern is over.
  const seen = [
    ...told
      .flatMap(keysOf)
      .filter((key) => !hidden.includes(key) && (facts.extent === "whole" || !key.endsWith("#key"))),
    ...facts.disk.map(diskKey),
    ...(facts.extent === "whole" ? [toolKey] : []),
  ];
  const bad = new Set(conditions.map(({ key }) => key));
  return {
    conditions,
    well: [...new Set(seen)].filter((key) => !bad.has(key)),
    unknown: [...silent.flatMap(keysOf), ...hidden],
  };
}

function deadTool({ jobs }: AlertFacts): Condition | null {
  const planned = jobs.filter((job) => job.isScheduled);
  const silent = planned.flatMap(({ silentSince }) => (silentSince === null ? [] : [silentSince]));
  if (new Set(planned.map(({ job }) => job)).size < 2 || silent.length < planned.length) return null;
  const since = instant(Math.min(...silent));
  return {
    ...about(toolKey),
    event: "dead",
    what: `none of the ${new Set(planned.map(({ job }) => job)).size} planned jobs has started at its time`,
    hint: "Look whether cron, the systemd timers or codex-backup serve still run.",
    nextStep: "codex-backup doctor --as-cron",
    since,
    lastGoodAt: latest(jobs.map((job) => job.lastGoodAt)),
  };
}

function jobConditions(job: JobFact): readonly Condition[] {
  const seen = job.healthy ? null : (outOfSlot(job) ?? ofRule(job));
  if (seen === null) return [];
  return [
    {
      ...about(jobKey(job)),
      hint: null,
      ...seen,
      job: job.job,
      database: job.database,
      lastGoodAt: job.lastGoodAt,
      noun: job.noun,
    },
  ];
}

/** Beside the job's own key: what somebody should look at may last while the job itself comes and goes. */
function concernKey(job: JobFact, kind: ConcernFact["kind"]): string {
  return `${jobKey(job)}#${kind}`;
}

function keysOf(job: JobFact): readonly string[] {
  return [jobKey(job), ...concernKinds.map((kind) => concernKey(job, kind))];
}

/** No good backup is left: that is told of the job, and its copies by status. */
function isDamagedItself({ healthy, rule }: JobFact): boolean {
  return !healthy && rule === "none-left";
}

function concernConditions(fact: JobFact): readonly Condition[] {
  const { job, database, noun, lastGoodAt } = fact;
  const told = fact.concerns.filter((one) => one.kind !== "damaged" || !isDamagedItself(fact));
  return told.map(({ kind, message: what, nextStep, since, findings = [] }) => ({
    ...about(concernKey(fact, kind)),
    event: kind,
    job,
    database,
    noun,
    what,
    findings: kind === "suspect" ? findings.flatMap(withoutNumbers) : findings,
    hint: null,
    nextStep,
    since,
    lastGoodAt,
  }));
}

/** Each table by itself, and its name as it is: what it has changes every night, what is the matter does not. */
function withoutNumbers(finding: string): readonly string[] {
  return finding.split("; ").map((one) => one.replaceAll(/(?<![\w.])\d+(?:\.\d+)?(?!\w)/g, "#"));
}

/** What a proof found is told of the job whose backup it is, and not once more of the run that found it. */
function withoutEchoes(conditions: readonly Condition[]): readonly Condition[] {
  const mismatched = conditions.filter(({ event }) => event === "mismatch").map(({ job }) => `${job}:prove`);
  return conditions.filter(
    ({ event, job }) => event !== "damaged" || job === null || !mismatched.includes(job),
  );
}

type Seen = Pick<Condition, "event" | "what" | "nextStep" | "since"> &
  Partial<Pick<Condition, "hint" | "runId">>;

/** A run that failed is told as that, and as stale only when the next slot has passed without a good one, too. */
function outOfSlot(job: JobFact): Seen | null {
  if (job.rule !== "slot") return null;
  const failed = job.silentSince === null ? badRun(job) : null;
  if (failed !== null && job.missedSlots < 2) return failed;
  const event = failed === null && job.missedSlots < 2 ? "missed" : "stale";
  const nextStep = failed === null ? "codex-backup doctor --as-cron" : failed.nextStep;
  const why =
    failed === null ? {} : { hint: `The last run said: ${failed.what}.`, runId: failed.runId ?? null };
  return { event, what: job.reason, nextStep, since: job.silentSince ?? failed?.since ?? null, ...why };
}

function ofRule(job: JobFact): Seen | null {
  const { rule, reason: what } = job;
  switch (rule) {
    case "last-run":
      return badRun(job);
    case "age":
      return {
        event: "stale",
        what,
        nextStep: `codex-backup run ${job.job}`,
        since: job.lastGoodAt,
      };
    case "slot":
      return { event: "missed", what, nextStep: "codex-backup doctor --as-cron", since: job.silentSince };
    case "clock":
      return { event: "suspect", what, nextStep: "timedatectl status", since: null };
    case "unlisted":
      return { event: "suspect", what, nextStep: "codex-backup catalog rebuild", since: null };
    case "none-left":
      return { event: "damaged", what, nextStep: "codex-backup verify", since: null };
    case "mismatch":
      return {
        event: "mismatch",
        what,
        nextStep: `codex-backup show ${job.job}/${job.lastProofOf}`,
        since: null,
      };
    case "proof":
      return {
        event: "unproven",
        what,
        nextStep: `codex-backup prove --job ${job.job} --latest`,
        since: job.newestProvenAt,
      };
    case "rto":
      return { event: "rto", what, nextStep: "codex-backup status", since: null };
    case "destination": // told once of the destination, and not once for each job
    case "new":
    case "fresh":
      return null;
    default:
      return rule satisfies never;
  }
}

function badRun({ lastRun, reason }: JobFact): Seen | null {
  if (lastRun === null || lastRun.outcome === "complete") return null;
  const { failure, outcome, runId, startedAt: since } = lastRun;
  const event = eventOf(outcome, failure === null ? null : failureTable[failure.code].exit);
  const what = failure?.message.split("\n")[0] ?? reason;
  return { event, what, hint: failure?.hint ?? null, nextStep: `codex-backup logs ${runId}`, since, runId };
}

function eventOf(outcome: "failed" | "incomplete" | "skipped", exit: number | null): ProblemEvent {
  if (outcome === "skipped") return "missed";
  return exit === 4 ? "damaged" : outcome;
}

function diskKey({ destination }: DiskFact): string {
  return `destination/${destination}`;
}

function diskConditions(disk: DiskFact): readonly Condition[] {
  const basis = { ...about(diskKey(disk)), event: "disk", since: null, lastGoodAt: null } as const;
  const { failure, forecast, destination, location } = disk;
  if (failure !== null) {
    const what = failure.message.split("\n")[0] ?? "";
    return [{ ...basis, what, hint: failure.hint, nextStep: "codex-backup destination list" }];
  }
  if (forecast === null) return [];
  const what = `"${destination}" (${location}) is ${forecast}`;
  return [{ ...basis, what, hint: null, nextStep: "codex-backup prune --dry-run" }];
}

function about(key: string): Pick<Condition, "key" | "job" | "database" | "noun" | "runId" | "findings"> {
  return { key, job: null, database: null, noun: null, runId: null, findings: [] };
}

function latest(moments: readonly (Instant | null)[]): Instant | null {
  return moments.reduce((last, at) => (at !== null && (last === null || at > last) ? at : last), null);
}
