import { Failure } from "../../domain/failure.ts";
import type { CommandJob } from "../../domain/jobs/job.ts";
import { describeDuration } from "../../domain/plain-words.ts";
import type { RunReport } from "../../domain/runs/run-report.ts";
import { describeEnd, succeeded } from "../../platform/child.ts";
import type { Context } from "../context.ts";
import { attempt, type Work } from "./attempt.ts";
import { underHooks } from "./hooks.ts";
import type { JobRun } from "./job-run.ts";
import { type LoggedEnd, runLogged } from "./logged-program.ts";
import { startWatch, underWatch } from "./watch.ts";

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
  return [
    await attempt(context, facts, (inner) =>
      underHooks(inner, { job, facts, signal }, () => commandWork(inner, job, signal)),
    ),
  ];
}

async function commandWork(context: Context, job: CommandJob, signal: AbortSignal): Promise<Work> {
  const startedMs = context.clock.monotonicMs();
  const watch = startWatch(context.clock, signal, { job: job.name, timeoutMs: job.timeoutMs, stallMs: null });
  return underWatch(watch, async () => {
    const { end, isOutlived } = await runProgram(context, job, watch.signal);
    watch.signal.throwIfAborted();
    if (!succeeded(end)) throw failed(job, describeEnd(end), end.stderr);
    const summary = `ended well, ${describeDuration(context.clock.monotonicMs() - startedMs)}`;
    return {
      outcome: "complete",
      backup: null,
      copies: [],
      windowMs: null,
      warnings: isOutlived ? [outlived(job)] : [],
      failure: null,
      summary,
    };
  });
}

async function runProgram(context: Context, job: CommandJob, signal: AbortSignal): Promise<LoggedEnd> {
  const { argv, cwd } = job;
  const [program] = argv;
  if (program === undefined)
    throw new Failure("command.not-started", `Cannot run "${job.name}": its argv is empty`);
  const env = { ...context.childEnv, ...job.env };
  try {
    return await runLogged(context, { argv, env, cwd, fields: {}, signal });
  } catch (error) {
    const errno = error instanceof Failure ? String(error.context.errno) : "unknown";
    throw new Failure(
      "command.not-started",
      `Cannot run "${job.name}": "${program}" could not be started in "${cwd ?? "the current directory"}" (${errno})`,
      {
        hint: "Give the program's absolute path, and check that it and cwd exist and may be used.",
        cause: error,
      },
    );
  }
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
