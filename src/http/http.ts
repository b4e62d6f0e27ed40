/**
 * Http: requests from outside, answered by the operations.
 *
 * Owns: routes, their documents (OpenAPI), who may call them, limits on hostile clients, what is put down of each
 * change. Refuses: any work of its own (operations, scheduler), files and drivers (wiring hands them in).
 * Words: route, token, scope (read, operate, admin), change (a request that does something), audit.
 * May go to: operations, scheduler, config (types), domain, platform/log.
 */

import type { AccessToken } from "../domain/access/access-token.ts";
import type { HttpSettings } from "../domain/access/http-settings.ts";
import type { Instant } from "../domain/instant.ts";
import type { Job } from "../domain/jobs/job.ts";
import type { Secret } from "../domain/secret.ts";
import type { Schedule } from "../domain/slots/schedule.ts";
import type { Operations } from "../operations/operation.ts";
import type { Log } from "../platform/log.ts";
import type { Scheduler } from "../scheduler/scheduler.ts";

/** Requests answered until `close`. */
export interface HttpServer {
  /** Binds; throws "http.listen". */
  listen(): Promise<void>;
  /** Where it listens, with the port that was found; null before and after. */
  address(): string | null;
  /** Takes no more requests, ends streams, and waits a little for answers under way. May be called twice. */
  close(): Promise<void>;
}

export interface HttpParts {
  readonly version: string;
  readonly settings: HttpSettings;
  readonly jobs: readonly Job[];
  /** By what the job is started: an installed unit's times, else the config's; null: only by hand. */
  readonly scheduleOf: (job: Job) => Schedule | null;
  readonly operations: Operations;
  readonly scheduler: Scheduler;
  readonly runLogs: RunLogs;
  readonly tokens: TokenSource;
  readonly audit: AuditLog;
  readonly clock: HttpClock;
  readonly log: Log;
  /** What no answer may hold. */
  readonly secrets: () => readonly Secret[];
  /** Why the scheduler cannot be relied on now; null when it ticks. */
  readonly schedulerTrouble: () => string | null;
  /** So many random lower-case letters and digits. */
  readonly randomToken: (length: number) => string;
}

/** The part of the clock that is needed here. */
export interface HttpClock {
  now(): Instant;
  monotonicMs(): number;
  /** Calls back once; the returned function cancels. */
  after(delayMs: number, call: () => void): () => void;
}

/** Who may call. */
export interface TokenSource {
  /** The token with this text, found in constant time; null when there is none. Never throws: trouble lets nobody in. */
  find(text: string): Promise<AccessToken | null>;
}

/** One page of a run's log; null when there is none. */
export interface RunLogs {
  read(runId: string, fromByte: number): Promise<RunLogPage | null>;
}

export interface RunLogPage {
  /** Whole lines, as they were written: JSON objects. */
  readonly lines: readonly string[];
  /** Where the next page begins; the same as asked for when nothing more is written yet. */
  readonly nextByte: number;
}

/** What was changed through HTTP, by whom. */
export interface AuditLog {
  /** Durable when it returns. Throws "http.audit". */
  record(entry: AuditEntry): Promise<void>;
}

export interface AuditEntry {
  /** ISO 8601, UTC. */
  readonly time: string;
  /** The same before and after one change. */
  readonly id: string;
  readonly phase: "started" | "ended";
  /** Name of the token. */
  readonly who: string;
  /** Of the peer; "unix" for a socket of this host. */
  readonly address: string;
  /** "run", "cancel", "verify", "prove", "hold", "release", "accept", "prune", "alerts test". */
  readonly action: string;
  readonly target: string;
  /** "done", or the failure's code and message; null before. */
  readonly outcome: string | null;
}
