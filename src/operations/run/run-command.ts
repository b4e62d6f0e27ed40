import { createInterface } from "node:readline";
import { Failure } from "../../domain/failure.ts";
import type { CommandJob } from "../../domain/job.ts";
import { describeDuration } from "../../domain/plain-words.ts";
import type { RunReport } from "../../domain/run-report.ts";
import { type Child, describeEnd, startChild, succeeded } from "../../platform/child.ts";
import type { Context } from "../context.ts";
import { attempt, type Work } from "./attempt.ts";
import type { JobRun } from "./run.ts";
import { startWatch } from "./watch.ts";

/** Any argv of the operator's: started without a shell, its output in the run's log, its exit status the outcome. */
export async function runCommand(
  context: Context,
  job: CommandJob,
  { runId, slot, signal }: JobRun,
): Promise<readonly RunReport[]> {
  const facts = { runId, job: job.name, database: null, slot };
  return [await attempt(context, facts, (inner) => commandWork(inner, job, signal))];
}

async function commandWork(context: Context, job: CommandJob, signal: AbortSignal): Promise<Work> {
  const startedMs = context.clock.monotonicMs();
  const watch = startWatch(context.clock, signal, { job: job.name, timeoutMs: job.timeoutMs, stallMs: null });
  try {
    const child = await start(context, job);
    const onAbort = () => child.kill();
    watch.signal.addEventListener("abort", onAbort, { once: true });
    if (watch.signal.aborted) onAbort();
    await logLines(context, child);
    const end = await child.ended;
    for (const line of end.stderr.split("\n").filter((text) => text !== ""))
      context.log.info({ stream: "stderr" }, line);
    if (watch.signal.aborted) throw watch.signal.reason;
    if (!succeeded(end)) throw failed(job, describeEnd(end), end.stderr);
    const summary = `ended well, ${describeDuration(context.clock.monotonicMs() - startedMs)}`;
    return {
      outcome: "complete",
      backup: null,
      copies: [],
      windowMs: null,
      warnings: [],
      failure: null,
      summary,
    };
  } finally {
    watch.stop();
  }
}

async function start(context: Context, job: CommandJob): Promise<Child> {
  const [program, ...args] = job.argv;
  if (program === undefined)
    throw new Failure("command.not-started", `Cannot run "${job.name}": its argv is empty`);
  const env = { ...context.childEnv, ...job.env };
  try {
    return await startChild({
      program,
      args,
      env,
      stdout: "pipe",
      ...(job.cwd === null ? {} : { cwd: job.cwd }),
    });
  } catch (error) {
    const errno = error instanceof Failure ? String(error.context.errno) : "unknown";
    throw new Failure(
      "command.not-started",
      `Cannot run "${job.name}": "${program}" could not be started in "${job.cwd ?? "the current directory"}" (${errno})`,
      {
        hint: "Give the program's absolute path, and check that it and cwd exist and may be used.",
        cause: error,
      },
    );
  }
}

async function logLines(context: Context, child: Child): Promise<void> {
  if (child.stdout === null) return;
  for await (const line of createInterface({ input: child.stdout }))
    context.log.info({ stream: "stdout" }, line);
}

function failed(job: CommandJob, end: string, stderr: string): Failure {
  const last = stderr.trim().split("\n").at(-1) ?? "";
  return new Failure(
    "command.failed",
    `Cannot finish "${job.name}": ${job.argv[0]} ended with ${end}${last === "" ? "" : `: ${last}`}`,
    {
      hint: `Read its output with "codex-backup logs --job ${job.name}".`,
    },
  );
}
