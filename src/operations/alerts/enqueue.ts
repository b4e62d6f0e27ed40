import type { AlertMessage } from "../../domain/alerts/alert-message.ts";
import { isReplaced, mergeMessages, pingChannel, startLapsesMs } from "../../domain/alerts/outbox.ts";
import type { Ping } from "../../domain/alerts/ping.ts";
import { instant } from "../../domain/instant.ts";
import type { Context } from "../context.ts";

type Parts = Pick<Context, "catalog" | "clock">;

/** So many messages may wait for one channel; beyond that the oldest is given up, and its row says so. */
const waitingLimit = 500;

/**
 * Puts a message on its way to a channel. What still waits there under the same key is not sent any more: the
 * new message tells of it. To be called in a transaction.
 */
export function enqueueMessage({ catalog, clock }: Parts, channel: string, message: AlertMessage): void {
  const now = clock.now();
  const waiting = catalog.undelivered().filter((row) => row.channel === channel);
  const same = waiting.filter(({ key }) => key === message.key);
  const undelivered = same.flatMap(({ content }) => (content.kind === "alert" ? [content.message] : []));
  for (const { seq } of same) catalog.mergeOutbox(seq, now);
  const surplus = waiting.length - same.length + 1 - waitingLimit;
  for (const row of waiting.filter((one) => !same.includes(one)).slice(0, Math.max(0, surplus)))
    catalog.settleOutbox(row, { kind: "given-up", failure: full(channel) }, now);
  const content = { kind: "alert", message: mergeMessages(undelivered, message) } as const;
  catalog.enqueue({ channel, key: message.key, content, createdAt: now, lapsesAt: null });
}

function full(channel: string) {
  return {
    code: "alerts.unreachable",
    message: `Cannot deliver through "${channel}": more than ${waitingLimit} messages wait for it`,
    hint: "Look at it with codex-backup alerts list.",
  } as const;
}

/** A start is worth nothing when it comes late; of the ends of runs only the newest one waits. */
export function enqueuePing({ catalog, clock }: Parts, ping: Ping): void {
  const now = clock.now();
  const channel = pingChannel(ping.job);
  for (const { seq, content, channel: other } of catalog.undelivered()) {
    if (other === channel && content.kind === "ping" && isReplaced(content.ping, ping))
      catalog.mergeOutbox(seq, now);
  }
  const lapsesAt = ping.kind === "start" ? instant(now + startLapsesMs) : null;
  catalog.enqueue({ channel, key: ping.job, content: { kind: "ping", ping }, createdAt: now, lapsesAt });
}
