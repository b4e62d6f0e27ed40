import { createInterface } from "node:readline";
import { Failure } from "../../domain/failure.ts";
import type { CommandJob } from "../../domain/jobs/job.ts";
import { describeDuration } from "../../domain/plain-words.ts";
import type { RunReport } from "../../domain/runs/run-report.ts";
import { type Child, describeEnd, startChild, succeeded } from "../../platform/child.ts";
import type { Context } from "../context.ts";
import { attempt, type Work } from "./attempt.ts";
import type { JobRun } from "./run.ts";
import { startWatch, underWatch } from "./watch.ts";

/** What the command left running in the background may still write for so long after its own end. */
const pipeGraceMs = 2000;

/**
 * Any argv of the operator's: started without a shell, its output in the run's log, its exit status the
 * outcome. The run ends with the command itself: a process that it leaves behind (a daemon, say) lives on,
 * unless a timeout or an interruption ends the whole group.
 */
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
  return underWatch(watch, async () => {
    const child = await start(context, job);
    const onAbort = () => child.kill();
    watch.signal.addEventListener("abort", onAbort, { once: true });
    if (watch.signal.aborted) onAbort();
    await logLines(context, child);
    const end = await child.ended;
    for (const line of end.stderr.split("\n").filter((text) => text !== ""))
      context.log.info({ stream: "stderr" }, line);
    watch.signal.throwIfAborted();
    if (!succeeded(end)) throw failed(job, describeEnd(end), end.stderr);
    const summary = `ended well, ${describeDuration(context.clock.monotonicMs() - startedMs)}`;
    return {
      outcome: "complete",
      backup: null,
      copies: [],
      windowMs: null,
      warnings: child.isOutlived() ? [outlived(job)] : [],
      failure: null,
      summary,
    };
  });
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
      pipeGraceMs,
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
  const lines = createInterface({ input: child.stdout });
  void child.ended.then(() => lines.close()); // closing our end of a pipe is no end of input to a line reader
  for await (const line of lines) context.log.info({ stream: "stdout" }, line);
}

function outlived(job: CommandJob): string {
  return `a process that ${job.argv[0]} left running kept its output open: what it writes from now on is not in the log`;
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
