import { asFailure, type FailureReport, reportOf } from "../../domain/failure.ts";
import type { PostgresJob } from "../../domain/jobs/job.ts";
import type { DatabaseExamination, PostgresServer, ServerFacts } from "../../postgres/postgres.ts";
import type { Context } from "../context.ts";

/** What one login to the server of a job showed. */
export interface SeenServer {
  /** Why nobody got in; null when the server answered. */
  readonly failure: FailureReport | null;
  readonly facts: ServerFacts | null;
  /** Databases there that allow connections. */
  readonly onServer: readonly string[];
  readonly databases: readonly SeenDatabase[];
}

export interface SeenDatabase {
  readonly name: string;
  readonly seen: (DatabaseExamination & { readonly clockOffsetMs: number }) | null;
  readonly failure: FailureReport | null;
}

/** Asks each job's server once, however many checks want to know. */
export interface Servers {
  of(job: PostgresJob): Promise<SeenServer>;
}

/** See Servers. Answers are kept for as long as the examination lasts. */
export function createServers(context: Context, signal: AbortSignal): Servers {
  const asked = new Map<string, Promise<SeenServer>>();
  return {
    of(job) {
      const known = asked.get(job.name) ?? lookAtServer(context, job, signal);
      asked.set(job.name, known);
      return known;
    },
  };
}

/** Where a login is tried: a database of the job first, then those that every cluster begins with. */
async function lookAtServer(context: Context, job: PostgresJob, signal: AbortSignal): Promise<SeenServer> {
  const named = job.databases.kind === "named" ? job.databases.names : [];
  let first: FailureReport | null = null;
  for (const database of new Set([...named, "postgres", "template1"])) {
    try {
      const label = `codex-backup-doctor-${context.randomToken(6)}`;
      const server = await context.postgres.connect(job.source, database, { label, signal });
      return await examineAll(context, job, server).finally(() => server.close());
    } catch (error) {
      signal.throwIfAborted();
      first ??= reported(error, job);
      if (!["postgres.database-missing", "postgres.login"].includes(reported(error, job).code)) break;
    }
  }
  return { failure: first, facts: null, onServer: [], databases: [] };
}

async function examineAll(context: Context, job: PostgresJob, server: PostgresServer): Promise<SeenServer> {
  const onServer = await server.listDatabases();
  const { databases } = job;
  const wanted =
    databases.kind === "named"
      ? databases.names
      : onServer.filter((name) => !databases.except.includes(name));
  const seen: SeenDatabase[] = [];
  for (const name of wanted) seen.push(await examineOne(context, { job, server, name }));
  return { failure: null, facts: server.facts, onServer, databases: seen };
}

interface OneDatabase {
  readonly job: PostgresJob;
  readonly server: PostgresServer;
  readonly name: string;
}

async function examineOne({ clock }: Context, { job, server, name }: OneDatabase): Promise<SeenDatabase> {
  try {
    const seen = await server.examine(name);
    return { name, seen: { ...seen, clockOffsetMs: seen.serverNow - clock.now() }, failure: null };
  } catch (error) {
    return { name, seen: null, failure: reported(error, job) };
  }
}

function reported(error: unknown, job: PostgresJob): FailureReport {
  return reportOf(asFailure(error, "postgres.unreachable", `Cannot ask the server of "${job.name}"`));
}
