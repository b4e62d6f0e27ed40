import type { FailureReport } from "../failure.ts";
import type { ExitStatus } from "../outcome.ts";
import type { AlertMessage } from "./alert-message.ts";

export interface WatchOptions {
  readonly once: boolean;
  /** Between two looks at the jobs. */
  readonly intervalMs: number;
  /** With `once`: how long retries are waited for. */
  readonly maxDeliveryMs: number;
  /** Called after each look. */
  readonly onLook: (report: WatchReport) => void;
  readonly signal: AbortSignal;
}

export interface WatchDestinationOptions extends WatchOptions {
  readonly path: string;
  /** Stale when the newest whole backup is older. */
  readonly maxAgeMs: number;
  /** Null: every job that has or had backups there. */
  readonly job: string | null;
}

export interface WatchReport {
  /** What was new. */
  readonly told: readonly AlertMessage[];
  /** Messages that are not delivered. */
  readonly waiting: number;
  /** As of `status`. */
  readonly exit: ExitStatus;
}

export interface DeliverReport {
  readonly waiting: number;
}

export interface ChannelTest {
  readonly channel: string;
  readonly kind: string;
  readonly outcome: "delivered" | "failed";
  readonly failure: FailureReport | null;
  readonly exit: ExitStatus;
}

/** Times are ISO 8601, UTC. */
export interface AlertsReport {
  readonly channels: readonly ListedChannel[];
  /** Oldest first. */
  readonly waiting: readonly ListedDelivery[];
  /** The newest of those that were given up within the last two weeks. */
  readonly givenUp: readonly ListedDelivery[];
  /** What is wrong and has been told. */
  readonly open: readonly OpenIncident[];
  /** 1 when the last attempt through any channel failed. */
  readonly exit: ExitStatus;
}

export interface ListedChannel {
  readonly channel: string;
  /** As in the config; "ping", or "removed" when it is no longer in the config. */
  readonly kind: string;
  readonly lastTriedAt: string | null;
  readonly lastDeliveredAt: string | null;
  /** Of the last attempt; null: it went through, or there was none. */
  readonly failure: FailureReport | null;
  readonly waiting: number;
  readonly nextTryAt: string | null;
}

export interface ListedDelivery {
  readonly channel: string;
  readonly key: string;
  readonly subject: string;
  readonly createdAt: string;
  readonly attempts: number;
  readonly nextTryAt: string | null;
  readonly failure: FailureReport | null;
}

export interface OpenIncident {
  readonly key: string;
  readonly job: string | null;
  readonly database: string | null;
  readonly since: string;
  /** What was told of it, in order. */
  readonly told: readonly string[];
}
