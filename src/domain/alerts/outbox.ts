import type { FailureReport } from "../failure.ts";
import { type Instant, instant } from "../instant.ts";
import type { AlertMessage } from "./alert-message.ts";
import type { Ping } from "./ping.ts";

/** What waits to be carried out of this machine. */
export type OutboxContent =
  | { readonly kind: "alert"; readonly message: AlertMessage }
  | { readonly kind: "ping"; readonly ping: Ping };

/** One content on its way to one channel. */
export interface OutboxRow {
  /** The order of entering, whatever the clock said. */
  readonly seq: number;
  /** A channel's name, or "ping:JOB". */
  readonly channel: string;
  /** Rows of one key and channel go out in their order. */
  readonly key: string;
  readonly content: OutboxContent;
  readonly createdAt: Instant;
  /** From then on it is no longer worth sending; null: always. */
  readonly lapsesAt: Instant | null;
  readonly attempts: number;
  /** Not to be tried before. */
  readonly nextAt: Instant;
  readonly state: OutboxState;
  readonly endedAt: Instant | null;
  /** Of the last attempt; of a row that was given up, why. */
  readonly failure: FailureReport | null;
}

/**
 * "merged": a newer one of its key went in its place and tells of it; "lapsed": it came too late to mean
 * anything; "given-up": it was tried for days.
 */
export type OutboxState = "waiting" | "delivered" | "merged" | "lapsed" | "given-up";

/** What became of one attempt. */
export type Attempted =
  | { readonly kind: "delivered" }
  | { readonly kind: "lapsed" }
  | { readonly kind: "later"; readonly failure: FailureReport; readonly nextAt: Instant }
  | { readonly kind: "given-up"; readonly failure: FailureReport };

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** A "start" that comes later than this would tell a watcher of a run that has long been going. */
export const startLapsesMs = 2 * minuteMs;

const firstWaitMs = 15_000;
const longestWaitMs = hourMs;
const giveUpAfterMs = 72 * hourMs;
/** A clock that leaps over three days must not cost a message: it is also tried so often. */
const leastAttempts = 12;

/** Doubles from 15 s to one hour. */
function waitAfter(attempts: number): number {
  return Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(20, Math.max(0, attempts - 1)));
}

/** Due, also when a clock that went back has put its next try further away than any wait is long. */
export function isDue({ nextAt }: Pick<OutboxRow, "nextAt">, now: Instant): boolean {
  return nextAt <= now || nextAt - now > longestWaitMs;
}

/** Whether it is too late to mean anything. */
export function hasLapsed({ lapsesAt }: Pick<OutboxRow, "lapsesAt">, now: Instant): boolean {
  return lapsesAt !== null && lapsesAt <= now;
}

export interface FailedAttempt {
  readonly failure: FailureReport;
  /** Asked for by the other side; null: not. */
  readonly retryAfterMs: number | null;
}

/** What is to happen after a failed attempt, the row's `attempts` not counting it. */
export function afterFailure(
  row: OutboxRow,
  { failure, retryAfterMs }: FailedAttempt,
  now: Instant,
): Attempted {
  const attempts = row.attempts + 1;
  const isOld = now - row.createdAt >= giveUpAfterMs && attempts >= leastAttempts;
  if (isOld) return { kind: "given-up", failure };
  // Wrong credentials do not mend themselves within seconds.
  const usual = failure.code === "alerts.refused" ? longestWaitMs : waitAfter(attempts);
  const waitMs = Math.min(longestWaitMs, Math.max(usual, retryAfterMs ?? 0));
  return { kind: "later", failure, nextAt: instant(now + waitMs) };
}

/** So many undelivered messages are named in the one that takes their place. */
const namedLimit = 5;

/**
 * The new message, telling what of its key was never delivered: whoever hears only the end must know that
 * there was a beginning. `undelivered` is oldest first.
 */
export function mergeMessages(undelivered: readonly AlertMessage[], newest: AlertMessage): AlertMessage {
  if (undelivered.length === 0 || newest.event === "digest" || newest.event === "test") return newest;
  const [last, ...rest] = [...newest.lines].reverse();
  const named = undelivered.slice(-namedLimit).map(({ subject }) => `Not delivered before this: ${subject}.`);
  const inherited = undelivered.flatMap(({ lines }) =>
    lines.filter((line) => line.startsWith("Not delivered before")),
  );
  const notes = [...inherited, ...named].slice(-namedLimit);
  return { ...newest, lines: [...rest.reverse(), ...notes, ...(last === undefined ? [] : [last])] };
}

/** Whether a ping takes the place of one that still waits: only the newest start and the newest end mean something. */
export function isReplaced(waiting: Ping, newest: Ping): boolean {
  return (newest.kind === "start") === (waiting.kind === "start");
}

/** How the rows of pings name their channel. */
export function pingChannel(job: string): string {
  return `${pingPrefix}${job}`;
}

export const pingPrefix = "ping:";

/** When something is to be tried next; null: nothing waits. */
export function nextTry(rows: readonly OutboxRow[]): Instant | null {
  return rows.length === 0 ? null : instant(Math.min(...rows.map(({ nextAt }) => nextAt)));
}
