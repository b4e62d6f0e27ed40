import { Failure } from "../../domain/failure.ts";
import type { PostgresJob } from "../../domain/jobs/job.ts";
import { type Context, jobNamed } from "../context.ts";

/** The job whose server is meant; null: the only one of the config. */
export function serverJob(context: Context, name: string | null): PostgresJob {
  if (name !== null) {
    const job = jobNamed(context, name);
    if (job.kind === "postgres") return job;
    throw new Failure("usage.refused", `Cannot restore to the server of "${name}": it is a ${job.kind} job`, {
      hint: "Name a database job with --job.",
    });
  }
  const [only, second] = context.jobs.filter((job): job is PostgresJob => job.kind === "postgres");
  if (only && second === undefined) return only;
  throw new Failure(
    "usage.refused",
    "Cannot tell to which server to restore: the config has no database job, or several",
    {
      hint: "Name the job whose server it is with --job.",
    },
  );
}
