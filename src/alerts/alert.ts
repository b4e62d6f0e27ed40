/**
 * Alerts: carries messages out of this machine, and remembers which have arrived.
 *
 * Owns: the channels (mail, chats, webhooks, programs, pings), their formats, time limits and retries.
 * Refuses: to decide what is worth telling (domain), to store (the catalog's outbox is handed in), to make
 * a run wait. Words: message, channel, attempt, ping.
 * May go to: platform, domain.
 */
import type { AlertMessage } from "../domain/alerts/alert-message.ts";
import type { Attempted, OutboxRow } from "../domain/alerts/outbox.ts";
import type { Ping } from "../domain/alerts/ping.ts";
import type { FailureCode } from "../domain/failure-table.ts";
import type { Instant } from "../domain/instant.ts";

/** What a pinger carries. @public */
export type { Ping } from "../domain/alerts/ping.ts";

/** What this room raises. @public */
export type AlertFailureCode = Extract<FailureCode, `alerts.${string}`>;

/** One way out. Knows nothing of rules, retries and stores. */
export interface Channel {
  /** As in the config. */
  readonly name: string;
  readonly kind: string;
  /**
   * One attempt. Resolves when the other side has taken the message. Throws "alerts.unreachable" (no answer,
   * a time-out, a server's own fault: try again later), "alerts.throttled" (try again at `context.retryAfterMs`)
   * or "alerts.refused" (wrong credentials or address: a person must act). No message or hint holds a secret.
   */
  deliver(message: AlertMessage, signal: AbortSignal): Promise<void>;
  /** May be called twice. */
  close(): void;
}

/** A dead-man's switch outside this machine (healthchecks style): it tells somebody when we are silent. */
export interface Pinger {
  /** One attempt; throws as `deliver` does. */
  ping(ping: Ping, signal: AbortSignal): Promise<void>;
}

/** Where undelivered messages wait; the catalog's, handed in. */
export interface Outbox {
  /** What waits, oldest first. */
  undelivered(): readonly OutboxRow[];
  settle(row: OutboxRow, attempted: Attempted, at: Instant): void;
}

/** Delivers what waits, each channel by itself. */
export interface Sender {
  /**
   * One pass over what is due. Resolves when its attempts have ended; never throws for a failed one, whose row
   * says so. The signal starts no further attempt, and lets those that are under way end.
   */
  deliverDue(signal: AbortSignal): Promise<void>;
  /** May be called twice. */
  close(): void;
}
