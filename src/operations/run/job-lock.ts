import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "../../domain/failure.ts";
import { formatInstant, parseInstant } from "../../domain/instant.ts";
import { describeAge } from "../../domain/plain-words.ts";
import { sleep } from "../../platform/clock.ts";
import { type FileLock, type LockHolder, tryFileLock } from "../../platform/file-lock.ts";
import type { Context } from "../context.ts";

export interface LockWish {
  readonly job: string;
  readonly runId: string;
  /** How long to wait for a busy job; 0: not at all. */
  readonly waitMs: number;
  readonly signal: AbortSignal;
  /** For messages; default: `run "JOB"`. */
  readonly doing?: string;
}

const retryMs = 250;

/** Takes the lock of a job, which the kernel frees when we die. Throws "run.busy" naming who holds it. */
export async function lockJob(context: Context, wish: LockWish): Promise<FileLock> {
  const { clock, host, statePath } = context;
  const directory = join(statePath, "locks");
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const now = clock.now();
  const us: LockHolder = {
    host: host.name,
    bootId: host.bootId,
    pid: host.pid,
    runId: wish.runId,
    since: formatInstant(now),
  };
  const untilMs = clock.monotonicMs() + wish.waitMs;
  for (;;) {
    const attempt = tryFileLock(join(directory, `${wish.job}.db`), us);
    if (attempt.kind === "held") return attempt.lock;
    if (clock.monotonicMs() >= untilMs) throw busy(context, wish, attempt.holder);
    await sleep(clock, retryMs, wish.signal);
  }
}

function busy({ clock }: Context, { job, waitMs, doing }: LockWish, holder: LockHolder | null): Failure {
  const since = holder === null ? null : parseInstant(holder.since);
  const age = since === null ? "" : ` for ${describeAge(clock.now() - since)}`;
  const who =
    holder === null ? "another run" : `run ${holder.runId} (process ${holder.pid} on ${holder.host})`;
  return new Failure("run.busy", `Cannot ${doing ?? `run "${job}"`}: ${who} has been at it${age}`, {
    hint:
      waitMs === 0
        ? "Wait for it with --wait, or look at it with codex-backup status."
        : "Give --wait a longer time, or look at it with codex-backup status.",
  });
}
