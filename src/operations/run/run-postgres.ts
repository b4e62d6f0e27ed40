import { asFailure, Failure } from "../../domain/failure.ts";
import type { DatabaseSelection, PostgresJob } from "../../domain/job.ts";
import type { RunReport } from "../../domain/run-report.ts";
import type { PostgresServer } from "../../postgres/postgres.ts";
import type { Context } from "../context.ts";
import { type AttemptFacts, attempt, failedWork } from "./attempt.ts";
import { backupWork } from "./backup-work.ts";
import { createDumpProducer } from "./produce-dump.ts";
import type { JobRun } from "./run.ts";

/** Databases that every server has and that hold nothing of the operator's. */
const maintenanceDatabase = "postgres";

/**
 * One login, then one run for each database, so that one that fails does not take the others with it.
 * With "all", the list is the server's own tonight: a new database is in it.
 */
export async function runPostgres(
  context: Context,
  job: PostgresJob,
  jobRun: JobRun,
): Promise<readonly RunReport[]> {
  const { signal, runId } = jobRun;
  let server: PostgresServer | null = null;
  try {
    const first =
      job.databases.kind === "named" ? (job.databases.names[0] ?? maintenanceDatabase) : maintenanceDatabase;
    server = await context.postgres.connect(job.source, first, { label: `codex-backup-${runId}`, signal });
    const databases = await databasesOf(server, job.databases);
    return await runDatabases(context, { job, jobRun, server, databases });
  } catch (error) {
    const failure = asFailure(error, "postgres.unreachable", `Cannot reach the server of "${job.name}"`);
    return failAll(context, job, { jobRun, failure });
  } finally {
    await server?.close();
  }
}

async function databasesOf(server: PostgresServer, selection: DatabaseSelection): Promise<readonly string[]> {
  if (selection.kind === "named") return selection.names;
  const names = (await server.listDatabases()).filter((name) => !selection.except.includes(name));
  if (names.length > 0) return names;
  throw new Failure(
    "postgres.no-databases",
    'Cannot find a database to dump: "*" leaves none after the exceptions',
    {
      hint: "Shorten the list under except, or name the databases.",
    },
  );
}

interface ServerRun {
  readonly job: PostgresJob;
  readonly jobRun: JobRun;
  readonly server: PostgresServer;
  readonly databases: readonly string[];
}

async function runDatabases(
  context: Context,
  { job, jobRun, server, databases }: ServerRun,
): Promise<readonly RunReport[]> {
  const reports: RunReport[] = [];
  for (const [index, database] of databases.entries()) {
    if (jobRun.signal.aborted) break;
    const facts = factsOf(context, job, { jobRun, database, isFirst: index === 0 });
    const report = await attempt(context, facts, (inner, startedAt) => {
      const producer = createDumpProducer({ context: inner, job, server, database });
      const { runId, slot } = facts;
      return backupWork(inner, { runId, slot, startedAt, job, producer }, jobRun.signal);
    });
    if (report.outcome === "failed") await server.terminateOurs();
    reports.push(report);
  }
  return reports;
}

interface DatabaseRun {
  readonly jobRun: JobRun;
  readonly database: string | null;
  readonly isFirst: boolean;
}

function factsOf(
  context: Context,
  job: PostgresJob,
  { jobRun, database, isFirst }: DatabaseRun,
): AttemptFacts {
  return { runId: isFirst ? jobRun.runId : context.newRunId(), job: job.name, database, slot: jobRun.slot };
}

/** Before any database was at hand: each named one gets its failed row, so that its age is watched. */
async function failAll(
  context: Context,
  job: PostgresJob,
  { jobRun, failure }: { readonly jobRun: JobRun; readonly failure: Failure },
): Promise<readonly RunReport[]> {
  const names = job.databases.kind === "named" ? job.databases.names : [null];
  const reports: RunReport[] = [];
  for (const [index, database] of names.entries()) {
    const facts = factsOf(context, job, { jobRun, database, isFirst: index === 0 });
    reports.push(await attempt(context, facts, async () => failedWork(failure)));
  }
  return reports;
}
