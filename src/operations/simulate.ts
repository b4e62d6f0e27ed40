import type { BackupRow } from "../catalog/catalog.ts";
import { formatInstant } from "../domain/instant.ts";
import { type BackupJob, demandBackupJob, leavesBackups } from "../domain/jobs/job.ts";
import { describeCount, describeSize, describeSubject } from "../domain/plain-words.ts";
import { growthOf } from "../domain/simulation/growth.ts";
import { type SimulatedDay, simulate as simulateDays } from "../domain/simulation/simulate.ts";
import { createEffects, createNeeds, stockOf } from "../domain/simulation/simulate-summary.ts";
import {
  bytesByPlace,
  type SimulatedJob,
  type SimulatedSource,
} from "../domain/simulation/simulate-world.ts";
import type { SimulatedDayReport, SimulationReport } from "../domain/simulation/simulation-report.ts";
import { type Context, jobNamed } from "./context.ts";
import type { SimulateOptions } from "./operation.ts";
import { findBackups } from "./prune/find-backups.ts";
import { copiesOf, retentionOf } from "./prune/plan-job.ts";

/**
 * What would exist on each day, from what really lies at the destinations now, under the policies of the
 * config. Lists the destinations and writes nothing, anywhere; it plans by the functions that `prune` and the
 * runs plan by. What cannot be looked at is left out and told.
 */
export async function simulate(
  context: Context,
  { jobs: names, days, script }: SimulateOptions,
): Promise<SimulationReport> {
  const chosen =
    names.length > 0
      ? [...new Set(names)].map((name) => demandBackupJob(jobNamed(context, name), "simulate"))
      : context.jobs.filter((job) => leavesBackups(job));
  const started = await Promise.all(chosen.map((job) => startOf(context, job)));
  const now = context.clock.now();
  const copies = started.flatMap(({ job }) => job.copies.map((copy) => ({ ...copy, job: job.name })));
  const disks = await disksAt(context, new Set(chosen.flatMap((job) => job.to)));
  const freeBytes = new Map(disks.map((disk) => [disk.destination, disk.freeBytes]));
  const effects = createEffects();
  const needs = createNeeds({ nowBytes: bytesByPlace(copies), freeBytes });
  const told: SimulatedDayReport[] = [];
  for (const day of simulateDays({ now, days, jobs: started.map(({ job }) => job), script })) {
    effects.add(day);
    needs.add(day);
    told.push(reportDay(day));
  }
  return {
    startedAt: formatInstant(now),
    assumptions: [
      ...started.flatMap((one) => one.assumptions),
      ...(names.length > 0 ? ["what other jobs keep stays as it is"] : []),
      ...sharedDisks(disks),
    ],
    start: stockOf({ copies }),
    days: told,
    firsts: effects.all(),
    disks: needs.all(),
  };
}

interface Start {
  readonly job: SimulatedJob;
  readonly assumptions: readonly string[];
}

async function startOf(context: Context, job: BackupJob): Promise<Start> {
  const found = await findBackups(context, job, { dryRun: true, only: "all" });
  const retention = retentionOf(context, job, null);
  const sources = databasesOf(job, found.rows).map((database): SimulatedSource => {
    const good = found.rows.filter((row) => row.database === database && row.outcome === "complete");
    return { database, growth: growthOf(good), runs: retention.runsOf(database) };
  });
  const { here: copies } = copiesOf(context, found);
  const { zone, schedule, policyAt } = retention;
  const { name, nameTemplate, to } = job;
  return {
    job: { name, zone, schedule, nameTemplate, to, policyAt, sources, copies },
    assumptions: [
      ...(schedule === null ? [`${name} has no schedule: it makes no further backups here`] : []),
      ...sources.map((source) => describeGrowth(name, source)),
      ...found.unseen.map(
        ({ destination, failure }) => `what lies at "${destination}" is left out: ${failure.message}`,
      ),
    ],
  };
}

/** Those of the config; with "*", those that were ever backed up. */
function databasesOf(job: BackupJob, rows: readonly BackupRow[]): readonly (string | null)[] {
  if (job.kind === "capsule") return [null];
  if (job.databases.kind === "named") return job.databases.names;
  const { except } = job.databases;
  const known = [...new Set(rows.map((row) => row.database))];
  return known.filter((name) => name !== null && !except.includes(name));
}

function describeGrowth(job: string, { database, growth }: SimulatedSource): string {
  const name = describeSubject(job, database);
  if (growth === null) return `${name} has no backup yet: its size is unknown, and taken as nothing`;
  const size = `${name}: ${describeSize(growth.sizeBytes)} a backup`;
  if (growth.bytesPerDay === 0 && growth.steps < 2) return `${size}, and too few of them to tell its growth`;
  const word = growth.bytesPerDay < 0 ? "shrinking" : "growing";
  const rate = describeSize(Math.abs(Math.round(growth.bytesPerDay)));
  return `${size}, ${word} by ${rate} a day (the median of ${describeCount(growth.steps, "step")})`;
}

interface Disk {
  readonly destination: string;
  readonly freeBytes: number | null;
  readonly totalBytes: number | null;
}

async function disksAt({ destinations }: Context, names: ReadonlySet<string>): Promise<readonly Disk[]> {
  const asked = [...names].map(async (destination): Promise<Disk> => {
    // One that is away was told of already: its backups are left out.
    const facts = await destinations
      .get(destination)
      ?.look()
      .catch(() => null);
    return { destination, freeBytes: facts?.freeBytes ?? null, totalBytes: facts?.totalBytes ?? null };
  });
  return Promise.all(asked);
}

/** Two directories of one disk have one free space between them; exactly equal sizes are the sign that there is. */
function sharedDisks(disks: readonly Disk[]): readonly string[] {
  const known = disks.filter(({ totalBytes }) => totalBytes !== null);
  return [...Map.groupBy(known, ({ totalBytes }) => totalBytes).values()]
    .filter((same) => same.length > 1)
    .map((same) => {
      const names = same.map(({ destination }) => destination).join(" and ");
      return `${names} seem to share one disk: what is free there is counted for each of them by itself`;
    });
}

function reportDay(day: SimulatedDay): SimulatedDayReport {
  return {
    day: day.day,
    at: formatInstant(day.at),
    made: day.made.map(({ job, database, destination, id, sizeBytes }) => {
      return { job, database, destination, backup: id, sizeBytes };
    }),
    removed: day.removed.map(({ backup: { job, database, destination, id, sizeBytes }, reasons }) => {
      return { job, database, destination, backup: id, sizeBytes, reasons };
    }),
    refused: new Set(day.refused.map(({ backup }) => backup.id)).size,
    stock: stockOf(day),
  };
}
