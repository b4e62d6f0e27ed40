import type { SFTPWrapper } from "ssh2";
import { Failure, messageOf } from "../../../domain/failure.ts";
import type { Clock } from "../../../platform/clock.ts";

/** A request may take as long as a slow disk needs to sync what its cache holds; then nobody is there. */
const silenceMs = 5 * 60_000;
const lookEveryMs = 30_000;

export type Done<T> = (error: Error | null | undefined, result: T) => void;
export type Request<T> = (sftp: SFTPWrapper, done: Done<T>) => void;

/** One open SFTP channel. */
export interface SftpSession {
  /**
   * Sends a request. Rejects with the server's status as the library tells it (a number in `code`), or with
   * "destination.unreachable" when the connection ends or nothing is answered for five minutes.
   */
  ask<T>(request: Request<T>): Promise<T>;
  /** Sends a request whose answer nobody needs. */
  tell(request: Request<unknown>): void;
  isLost(): boolean;
  /** Fails everything under way. May be called twice. */
  lose(why: Failure): void;
}

export interface SessionParts {
  readonly sftp: SFTPWrapper;
  readonly clock: Clock;
  readonly location: string;
  /** Drops the connection. */
  readonly hangUp: () => void;
}

/**
 * Keeps count of what is under way, because the library forgets a request that is made after the connection is gone: it
 * would never be answered.
 */
export function createSession({ sftp, clock, location, hangUp }: SessionParts): SftpSession {
  const waiting = new Set<(failure: Failure) => void>();
  let lost: Failure | null = null;
  let heardMs = 0;
  let stopLooking: (() => void) | null = null;

  function lookAgain(): void {
    stopLooking = clock.after(lookEveryMs, () => {
      stopLooking = null;
      if (waiting.size === 0) return;
      if (clock.monotonicMs() - heardMs < silenceMs) return lookAgain();
      lose(unreachable(location, `nothing was answered for ${silenceMs / 60_000} minutes`));
      hangUp();
    });
  }

  function lose(why: Failure): void {
    lost ??= why;
    stopLooking?.();
    stopLooking = null;
    const all = [...waiting];
    waiting.clear();
    for (const reject of all) reject(lost);
  }

  function ask<T>(request: Request<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (lost !== null) return reject(lost);
      if (waiting.size === 0) heardMs = clock.monotonicMs();
      waiting.add(reject);
      if (stopLooking === null) lookAgain();
      const done: Done<T> = (error, result) => {
        if (!waiting.delete(reject)) return;
        heardMs = clock.monotonicMs();
        if (!error) return resolve(result);
        // An error without a status is none of the server's: the channel has ended.
        reject(statusOf(error) === null ? unreachable(location, messageOf(error)) : error);
      };
      try {
        request(sftp, done);
      } catch (error) {
        waiting.delete(reject);
        reject(error);
      }
    });
  }

  return {
    ask,
    tell: (request) => void ask(request).catch(() => undefined), // who tells does not wait for an answer
    isLost: () => lost !== null,
    lose,
  };
}

/** The protocol's status code; null for any other error. */
export function statusOf(error: unknown): number | null {
  if (!(error instanceof Error) || error instanceof Failure || !("code" in error)) return null;
  return typeof error.code === "number" ? error.code : null;
}

/** "destination.unreachable". */
export function unreachable(location: string, seen: string, cause?: unknown): Failure {
  return new Failure("destination.unreachable", `Cannot reach "${location}": ${seen}`, {
    hint: "See whether the server is up and the network lets you through; the next run tries again.",
    cause,
  });
}
