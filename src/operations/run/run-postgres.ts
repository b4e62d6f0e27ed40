import { asFailure, Failure } from "../../domain/failure.ts";
import type { PostgresJob } from "../../domain/jobs/job.ts";
import type { RunReport } from "../../domain/runs/run-report.ts";
import type { PostgresServer } from "../../postgres/postgres.ts";
import type { Context } from "../context.ts";
import { type AttemptFacts, attempt, failedWork, type Work } from "./attempt.ts";
import type { BackupRun } from "./backup.ts";
import { backupWork } from "./backup-work.ts";
import { afterWork, underHooks } from "./hooks.ts";
import type { JobRun } from "./job-run.ts";
import { createDumpProducer } from "./produce-dump.ts";
import { thenPrune } from "./then-prune.ts";
import { startWatch, underWatch, type Watch } from "./watch.ts";

/** Where a server is asked for its databases: those that every cluster begins with, since one may be dropped. */
const maintenanceDatabases = ["postgres", "template1"] as const;

/**
 * One run for each database, from its own login to its manifest, so that one that fails, or is gone, takes
 * none of the others with it. With "all", the list is the server's own tonight: a new database is in it.
 */
export async function runPostgres(
  context: Context,
  job: PostgresJob,
  jobRun: JobRun,
): Promise<readonly RunReport[]> {
  const names = await databasesOf(context, job, jobRun).catch((error: unknown) =>
    asFailure(error, "postgres.unreachable", `Cannot ask the server of "${job.name}" for its databases`),
  );
  if (names instanceof Failure) {
    const facts = { runId: jobRun.runId, job: job.name, database: null, slot: jobRun.slot };
    const { signal } = jobRun;
    return [
      await attempt(context, facts, (inner) => afterWork(inner, { job, facts, signal }, failedWork(names))),
    ];
  }
  const reports: RunReport[] = [];
  for (const [index, database] of names.entries()) {
    const runId = index === 0 ? jobRun.runId : context.newRunId();
    const facts = { runId, job: job.name, database, slot: jobRun.slot };
    reports.push(await runDatabase(context, job, { facts, database, signal: jobRun.signal }));
  }
  return reports;
}

async function databasesOf(
  context: Context,
  job: PostgresJob,
  { runId, signal }: JobRun,
): Promise<readonly string[]> {
  const { databases } = job;
  if (databases.kind === "named") return databases.names;
  const watch = startWatch(context.clock, signal, watchLimits(job));
  const all = await underWatch(watch, () => listDatabases(context, job, { runId, signal: watch.signal }));
  const names = all.filter((name) => !databases.except.includes(name));
  if (names.length > 0) return names;
  throw new Failure(
    "postgres.no-databases",
    'Cannot find a database to dump: "*" leaves none after the exceptions',
    {
      hint: "Shorten the list under except, or name the databases.",
    },
  );
}

function watchLimits({ name, timeoutMs, stallMs }: PostgresJob) {
  return { job: name, timeoutMs, stallMs };
}

interface Login {
  readonly runId: string;
  readonly signal: AbortSignal;
}

async function listDatabases(context: Context, job: PostgresJob, login: Login): Promise<readonly string[]> {
  const server = await connectForMaintenance(context, job, login);
  try {
    return await server.listDatabases();
  } finally {
    await server.close();
  }
}

async function connectForMaintenance(
  context: Context,
  job: PostgresJob,
  { runId, signal }: Login,
): Promise<PostgresServer> {
  let first: unknown = null;
  for (const database of maintenanceDatabases) {
    try {
      return await context.postgres.connect(job.source, database, { label: labelOf(runId), signal });
    } catch (error) {
      first ??= error;
      if (!isAboutDatabase(error)) break;
    }
  }
  throw first;
}

/** Another database of the same server may well let us in. */
function isAboutDatabase(error: unknown): boolean {
  return error instanceof Failure && ["postgres.database-missing", "postgres.login"].includes(error.code);
}

function labelOf(runId: string): string {
  return `codex-backup-${runId}`;
}

interface DatabaseRun {
  readonly facts: AttemptFacts;
  readonly database: string;
  readonly signal: AbortSignal;
}

function runDatabase(
  context: Context,
  job: PostgresJob,
  { facts, database, signal }: DatabaseRun,
): Promise<RunReport> {
  return attempt(context, facts, (inner, startedAt) =>
    underHooks(inner, { job, facts, signal }, async () => {
      const { runId, slot } = facts;
      const watch = startWatch(inner.clock, signal, watchLimits(job));
      const backUp = () => dump(inner, database, { runId, slot, startedAt, job, watch });
      return thenPrune(inner, job, { runId, database, signal, work: await underWatch(watch, backUp) });
    }),
  );
}

interface DumpRun extends Omit<BackupRun, "producer"> {
  readonly job: PostgresJob;
  readonly watch: Watch;
}

async function dump(context: Context, database: string, run: DumpRun): Promise<Work> {
  const { job, runId, watch } = run;
  const login = { label: labelOf(runId), signal: watch.signal };
  const server = await context.postgres.connect(job.source, database, login);
  try {
    const producer = createDumpProducer({ context, job, server, database });
    return await backupWork(context, { ...run, producer });
  } catch (error) {
    await server.terminateOurs();
    throw error;
  } finally {
    await server.close();
  }
}
