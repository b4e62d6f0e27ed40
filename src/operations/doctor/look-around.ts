import { judgeAlerts } from "../../domain/doctor/checks/alerts.ts";
import { judgeClock } from "../../domain/doctor/checks/clock.ts";
import { judgeConfig } from "../../domain/doctor/checks/config.ts";
import { judgeAudit, judgeCopies } from "../../domain/doctor/checks/copies.ts";
import { judgeHistory } from "../../domain/doctor/checks/history.ts";
import { judgeLock } from "../../domain/doctor/checks/lock.ts";
import { judgeTool } from "../../domain/doctor/checks/tool.ts";
import type { Diagnosis } from "../../domain/doctor/finding.ts";
import type { HealthRule } from "../../domain/health/health.ts";
import { parseInstant } from "../../domain/instant.ts";
import { leavesBackups } from "../../domain/jobs/job.ts";
import { isTimezone } from "../../domain/local-time.ts";
import { describeSubject } from "../../domain/plain-words.ts";
import { lookTime } from "../alerts/tell.ts";
import type { Context } from "../context.ts";
import { status, statusByCatalog } from "../status.ts";
import { outputOf, rightsAt } from "./ask.ts";
import type { DoctorScene } from "./scene.ts";

// The checks that need no more than a question or two.

/** The configuration's file. */
export async function lookAtConfig({ config }: Pick<DoctorScene, "config">): Promise<readonly Diagnosis[]> {
  return judgeConfig({ ...config, mode: (await rightsAt(config.path))?.mode ?? null });
}

/** This program and its Node. */
export function lookAtTool(version: string, nodeVersion: string): readonly Diagnosis[] {
  return judgeTool({ version, nodeVersion });
}

/** The clock, by who keeps it right and by what is known of the past. */
export async function lookAtClock(scene: DoctorScene, signal: AbortSignal): Promise<readonly Diagnosis[]> {
  const { context } = scene;
  const [run] = context.catalog.runs({ limit: 1 });
  const backups = context.jobs.flatMap((job) => context.catalog.backups({ job: job.name, limit: 1 }));
  const dated = [
    ...(run ? [{ what: `run ${run.runId} of ${run.job}`, at: run.startedAt }] : []),
    ...backups.map((backup) => ({ what: `the newest backup of ${backup.job}`, at: backup.createdAt })),
  ].toSorted((a, b) => b.at - a.at);
  return judgeClock({
    now: context.clock.now(),
    isSynchronised: await isSynchronised(context, signal),
    newest: dated[0] ?? null,
    unknownZones: [...new Set(context.jobs.map((job) => job.timezone))].filter((zone) => !isTimezone(zone)),
  });
}

/** Null where neither program is there or knows. */
async function isSynchronised({ childEnv }: Context, signal: AbortSignal): Promise<boolean | null> {
  const args = ["show", "--property=NTPSynchronized", "--value"];
  const timedate = await outputOf({ program: "timedatectl", args, env: childEnv }, signal);
  if (timedate !== null) return timedate.trim() === "yes";
  const chrony = await outputOf({ program: "chronyc", args: ["-n", "tracking"], env: childEnv }, signal);
  return chrony === null ? null : /Leap status\s*:\s*Normal/.test(chrony);
}

/** They have a check of their own. */
const rulesOfProofs: readonly HealthRule[] = ["mismatch", "proof", "rto"];

/** What last night left, for each database of each job. */
export async function lookAtHistory({ context }: DoctorScene): Promise<readonly Diagnosis[]> {
  const { jobs } = await status(context);
  const now = context.clock.now();
  return jobs.flatMap(({ job, database, healthy: isHealthy, rule, reason, lastRun }) => {
    const startedAt = lastRun === null ? null : parseInstant(lastRun.startedAt);
    const ended =
      lastRun?.outcome && startedAt !== null
        ? { ...lastRun, outcome: lastRun.outcome, ageMs: Math.max(0, now - startedAt) }
        : null;
    const healthy = isHealthy || rulesOfProofs.includes(rule);
    return judgeHistory({ job, database, health: { healthy, reason }, lastRun: ended });
  });
}

/** The 3-2-1-1-0 rule, for each database of each job, and what the last audits found, as the catalog knows it. */
export function lookAtCopies({ context }: DoctorScene): readonly Diagnosis[] {
  const ruled = context.jobs
    .filter((job) => leavesBackups(job))
    .flatMap((job) => statusByCatalog(context, job))
    .flatMap(({ job, database, copiesRule: rule }) =>
      judgeCopies({ subject: describeSubject(job, database), rule }),
    );
  const audited = Map.groupBy(context.catalog.auditFindings(), ({ destination }) => destination);
  return [
    ...ruled,
    ...[...audited].flatMap(([destination, findings]) => judgeAudit({ destination, findings })),
  ];
}

/** By the rows of runs, whose dead ones are closed: taking the lock to see whether it is free could make a run busy. */
export function lookAtLocks({ context }: DoctorScene): readonly Diagnosis[] {
  const now = context.clock.now();
  return context.jobs.flatMap(({ name }) => {
    const [run] = context.catalog.runs({ job: name, unfinishedOnly: true, limit: 1 });
    const holder = run
      ? { runId: run.runId, pid: run.pid, host: run.host, ageMs: now - run.startedAt }
      : null;
    return judgeLock({ job: name, holder });
  });
}

/** Who is told, and what could not be delivered at the first attempt. */
export function lookAtAlerts({ alerts, config, context }: DoctorScene): readonly Diagnosis[] {
  const stuck = context.catalog.undelivered().filter(({ attempts }) => attempts > 0);
  const [oldest] = stuck;
  const waiting = oldest
    ? {
        count: stuck.length,
        oldestMs: Math.max(0, context.clock.now() - oldest.createdAt),
        lastError: oldest.failure?.message ?? null,
      }
    : null;
  const looked = context.catalog.alertTime(lookTime);
  const lookedMs = looked === null ? null : Math.max(0, context.clock.now() - looked);
  return judgeAlerts({ ...alerts, configPath: config.path, waiting, lookedMs });
}
