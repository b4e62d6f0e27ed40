import { formatBackupFile } from "../../domain/backups/backup-file.ts";
import { asFailure, Failure, type FailureReport, reportOf } from "../../domain/failure.ts";
import { formatInstant } from "../../domain/instant.ts";
import type { Job } from "../../domain/jobs/job.ts";
import { deferredStatus, type HookMoment, type HookProgram } from "../../domain/jobs/job-hooks.ts";
import { describeDuration } from "../../domain/plain-words.ts";
import { type HookFacts, hookEnvironment } from "../../domain/runs/hook-environment.ts";
import { describeEnd, succeeded } from "../../platform/child.ts";
import type { Context } from "../context.ts";
import { type AttemptFacts, failedWork, type Work } from "./attempt.ts";
import { runLogged } from "./logged-program.ts";
import { isSealedJob, toldFailure } from "./withhold.ts";

export interface HookedRun {
  readonly job: Job;
  readonly facts: AttemptFacts;
  readonly signal: AbortSignal;
}

/** After an interruption whoever stops us will not wait for long. */
const interruptedMs = 30_000;

/**
 * The work of a run between its hooks: `before` may keep it from being done (status 75: skipped, any other: failed),
 * then `after` or `failed` hears what came of it. What those two come to never changes what the work came to: a
 * backup that stands, stands. Throws nothing of the hooks' own.
 */
export async function underHooks(context: Context, run: HookedRun, work: () => Promise<Work>): Promise<Work> {
  if (run.job.hooks === undefined) return work();
  try {
    await runBefore(context, run);
  } catch (error) {
    const failure = asFailure(error, "hooks.failed", `Cannot run the hooks of "${run.job.name}"`);
    if (failure.code === "hooks.deferred") return deferred(context, run, failure);
    return afterWork(context, run, failedWork(failure));
  }
  const done = await work().catch((error: unknown) =>
    failedWork(asFailure(error, "run.internal", `Cannot run "${run.job.name}"`)),
  );
  return afterWork(context, run, done);
}

async function runBefore(context: Context, run: HookedRun): Promise<void> {
  for (const program of run.job.hooks?.before ?? [])
    await runHook(context, run, { moment: "before", program, work: null, signal: run.signal });
}

function deferred({ catalog }: Context, { facts }: HookedRun, failure: Failure): Work {
  const { slot } = facts;
  if (slot !== null) catalog.skipSlot({ ...facts, slot }, "a hook said: not now");
  return { ...failedWork(failure), outcome: "skipped", summary: "skipped: a hook said not now" };
}

/** The hooks that fit what the work came to; a run that was skipped has none. */
export async function afterWork(context: Context, run: HookedRun, work: Work): Promise<Work> {
  const { hooks } = run.job;
  if (hooks === undefined || work.outcome === "skipped") return work;
  const moment = work.outcome === "failed" ? "failed" : "after";
  const failures: Failure[] = [];
  for (const program of hooks[moment]) {
    // The run's own signal may be what has failed it; the application must be woken all the same.
    const signal = run.signal.aborted ? new AbortController().signal : run.signal;
    await runHook(context, run, { moment, program, work, signal }).catch((error: unknown) => {
      failures.push(asFailure(error, "hooks.failed", `Cannot run a hook of "${run.job.name}"`));
    });
  }
  if (failures.length === 0) return work;
  return {
    ...work,
    isUnfinished: true,
    warnings: [...work.warnings, ...failures.map(({ message }) => message)],
    summary: work.summary === null ? null : `${work.summary}; a hook failed`,
  };
}

interface HookCall {
  readonly moment: HookMoment;
  readonly program: HookProgram;
  /** Null: nothing was done yet. */
  readonly work: Work | null;
  readonly signal: AbortSignal;
}

/** Throws "hooks.deferred", "hooks.failed", or the signal's reason. */
async function runHook(context: Context, run: HookedRun, call: HookCall): Promise<void> {
  const { moment, program, signal } = call;
  const hooked = run.job.hooks?.timeoutMs ?? 0;
  const limitMs = run.signal.aborted ? Math.min(hooked, interruptedMs) : hooked;
  const limit = new AbortController();
  const cancel = context.clock.after(limitMs, () => limit.abort());
  const env = { ...context.childEnv, ...hookEnvironment(factsOf(context, run, call)) };
  const either = AbortSignal.any([signal, limit.signal]);
  const fields = { hook: moment, program: program[0] };
  try {
    const { end } = await runLogged(context, { argv: program, env, cwd: "/", fields, signal: either });
    signal.throwIfAborted();
    if (limit.signal.aborted)
      throw hookFailure(run, call, { seen: `took longer than ${describeDuration(limitMs)}` });
    if (succeeded(end)) return;
    if (moment === "before" && end.kind === "exited" && end.code === deferredStatus)
      throw deferral(run, program);
    throw hookFailure(run, call, { seen: `ended with ${describeEnd(end)}` });
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== "platform.child") throw error;
    throw hookFailure(run, call, {
      seen: `could not be started (${String(error.context.errno)})`,
      cause: error,
    });
  } finally {
    cancel();
  }
}

function factsOf(context: Context, { job, facts }: HookedRun, { moment, work }: HookCall): HookFacts {
  const { runId, database, slot } = facts;
  return {
    moment,
    job: job.name,
    kind: job.kind,
    runId,
    database,
    slot: slot === null ? null : formatInstant(slot),
    outcome: work?.outcome ?? null,
    backup: work?.backup?.id ?? null,
    manifest: work === null ? null : manifestPath(context, work),
    failure: work?.failure ? failureOf(context, facts, work.failure) : null,
  };
}

/** A hook is a way out of this machine, as an alert is. */
function failureOf(context: Context, facts: AttemptFacts, failure: Failure): FailureReport {
  const report = reportOf(failure);
  return isSealedJob(context, facts.job) ? toldFailure(report, facts) : report;
}

/** At the first destination that has it as a file of this machine. */
function manifestPath({ destinations }: Context, { backup, copies }: Work): string | null {
  if (backup === null) return null;
  const name = formatBackupFile(backup.id, { kind: "manifest" });
  const paths = copies
    .filter(({ failure }) => failure === null)
    .map((copy) => destinations.get(copy.destination)?.localPath(name) ?? null);
  return paths.find((path) => path !== null) ?? null;
}

/** Its output may hold anything: it stands in the log, where secrets are masked, and not in the message. */
function hookFailure(
  { job, facts }: HookedRun,
  call: HookCall,
  { seen, cause }: { readonly seen: string; readonly cause?: unknown },
): Failure {
  const [program] = call.program;
  return new Failure(
    "hooks.failed",
    `Cannot finish the hook "${call.moment}" of "${job.name}": ${program} ${seen}`,
    { hint: `Read its output with "codex-backup logs ${facts.runId}".`, cause },
  );
}

function deferral({ job }: HookedRun, [program]: HookProgram): Failure {
  return new Failure(
    "hooks.deferred",
    `Cannot run "${job.name}" now: ${program} ended with exit status ${deferredStatus}`,
    { hint: "Nothing was done, as this hook wished; the next slot or run asks it again." },
  );
}
