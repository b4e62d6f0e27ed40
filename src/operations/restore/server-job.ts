import { isKeptName } from "../../domain/backups/restoring-name.ts";
import { Failure } from "../../domain/failure.ts";
import type { PostgresJob } from "../../domain/jobs/job.ts";
import { type Context, jobNamed } from "../context.ts";

/** The job whose server is meant; null: the only one of the config. */
export function serverJob(context: Context, name: string | null): PostgresJob {
  if (name !== null) return databaseJob(context, name);
  const [only, second] = context.jobs.filter((job): job is PostgresJob => job.kind === "postgres");
  if (only && second === undefined) return only;
  throw new Failure(
    "usage.refused",
    "Cannot tell to which server to restore: the config has no database job, or several",
    {
      hint: "Name the job whose server it is with --job, or any server with --server postgres://user@host:port.",
    },
  );
}

/**
 * The job on whose server a replaced database is kept. Without a name: any, where all reach one server; else, of several,
 * the one that backs up the database that was replaced.
 */
export function keepingJob(context: Context, name: string | null, replaced: string | null): PostgresJob {
  if (name !== null) return databaseJob(context, name);
  const jobs = context.jobs.filter((job): job is PostgresJob => job.kind === "postgres");
  const itsOwn = jobs.filter(
    ({ databases }) =>
      databases.kind === "named" &&
      databases.names.some((one) => replaced !== null && isKeptName(replaced, one)),
  );
  const [only] = [jobs, itsOwn].flatMap((some) => (onOneServer(some) ? (some[0] ?? []) : []));
  if (only !== undefined) return only;
  const seen =
    jobs.length === 0 ? "the config has no database job" : "the database jobs reach several servers";
  throw new Failure("usage.refused", `Cannot tell on which server to look for replaced databases: ${seen}`, {
    hint:
      jobs.length === 0
        ? "Add a job with postgres."
        : `Name one of them: ${jobs.map((job) => `--job ${job.name}`).join(", ")}.`,
  });
}

function databaseJob(context: Context, name: string): PostgresJob {
  const job = jobNamed(context, name);
  if (job.kind === "postgres") return job;
  throw new Failure("usage.refused", `Cannot use the server of "${name}": it is a ${job.kind} job`, {
    hint: "Name a database job with --job.",
  });
}

function onOneServer(jobs: readonly PostgresJob[]): boolean {
  const servers = jobs.map(({ source: { transport, host, port } }) =>
    JSON.stringify([transport, host, port]),
  );
  return new Set(servers).size === 1;
}
