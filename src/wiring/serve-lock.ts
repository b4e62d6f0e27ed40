import { statSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "../domain/failure.ts";
import { formatInstant } from "../domain/instant.ts";
import type { Clock } from "../platform/clock.ts";
import { type FileLock, tryFileLock } from "../platform/file-lock.ts";
import type { Host } from "../platform/host.ts";

const lockName = "serve.db";

/** Only one `serve` works on a state directory. Throws "run.busy" naming the one that does. */
export function lockServe(statePath: string, host: Host, clock: Clock): FileLock {
  const { name, bootId, pid } = host;
  const since = formatInstant(clock.now());
  const attempt = tryFileLock(join(statePath, lockName), {
    host: name,
    bootId,
    pid,
    runId: "serve",
    since,
  });
  if (attempt.kind === "held") return attempt.lock;
  const { holder } = attempt;
  const who =
    holder === null ? "another one" : `process ${holder.pid} on ${holder.host}, since ${holder.since},`;
  throw new Failure("run.busy", `Cannot serve: ${who} does so on "${statePath}"`, {
    hint: "End that one first, or reload it with kill -HUP.",
  });
}

/** The state directory that a service works with. */
export interface StateGuard {
  /** Throws why the service cannot go on, and aborts the signal with it, once the directory is another one. */
  demand(): void;
  readonly lost: AbortSignal;
}

/**
 * Looks whether the lock, which is held now, still lies where others look for it. A state directory that was
 * removed, or that something was mounted over, leaves its service alone with files that no run and no status sees.
 */
export function guardState(statePath: string): StateGuard {
  const taken = identityOf(statePath);
  const lost = new AbortController();
  return {
    lost: lost.signal,
    demand() {
      if (identityOf(statePath) !== taken) lost.abort(stateLost(statePath));
      lost.signal.throwIfAborted();
    },
  };
}

function stateLost(statePath: string): Failure {
  return new Failure(
    "platform.lock",
    `Cannot go on serving: "${statePath}" is not the directory any more that it was at the start`,
    { hint: "Mount it again or leave it, then start the service again; see codex-backup status." },
  );
}

function identityOf(statePath: string): string | null {
  try {
    const { dev, ino } = statSync(join(statePath, lockName));
    return `${dev}/${ino}`;
  } catch {
    return null; // not there, or behind a mount that does not answer
  }
}
