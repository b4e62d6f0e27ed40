import type { AlertMessage } from "../../domain/alerts/alert-message.ts";
import type { ChannelTest } from "../../domain/alerts/alert-report.ts";
import { idOf, nextLine } from "../../domain/alerts/alert-words.ts";
import type { OutboxRow } from "../../domain/alerts/outbox.ts";
import { Failure, type FailureReport, reportOf } from "../../domain/failure.ts";
import { formatInstant } from "../../domain/instant.ts";
import type { AlertsPart, Context } from "../context.ts";
import { pause } from "./deliver.ts";
import { enqueueMessage } from "./enqueue.ts";

/** While another process delivers through the channel. */
const lookMs = 500;
const limitMs = 30_000;

/**
 * Sends a test message the way that failures go, outbox and sender included, and says what became of it in each
 * channel. One that failed is not tried again: whoever asked is there to see it. Through one that took it goes
 * what has been waiting for its next try, too.
 */
export async function testAlerts(
  context: Context,
  name: string | null,
  signal: AbortSignal,
): Promise<readonly ChannelTest[]> {
  const alerts = demandAlerts(context);
  const channels = namedChannels(alerts, name);
  const message = testMessage(context);
  context.catalog.atomically(() => {
    for (const channel of channels) enqueueMessage(context, channel, message);
  });
  const sender = await alerts.sender();
  const untilMs = context.clock.monotonicMs() + limitMs;
  while (isOpen(context, channels, message) && context.clock.monotonicMs() < untilMs && !signal.aborted) {
    await sender.deliverDue(signal);
    if (isOpen(context, channels, message)) await pause(context, lookMs, signal);
  }
  const results = channels.map((channel) => resultOf(context, channel, message));
  for (const { channel, outcome } of results)
    if (outcome === "delivered") context.catalog.hastenOutbox(channel, context.clock.now());
  await sender.deliverDue(signal);
  return results;
}

/** Throws "usage.refused" when no channel is configured. */
export function demandAlerts({ alerts }: Context): AlertsPart {
  if (alerts !== null && alerts.settings.channels.length > 0) return alerts;
  throw new Failure("usage.refused", "Cannot reach anybody: the config has no channel under alerts", {
    hint: "Add one, such as alerts: { email: … }, as docs/guide/alerts.md shows.",
  });
}

function namedChannels({ settings }: AlertsPart, name: string | null): readonly string[] {
  const all = settings.channels.map((channel) => channel.name);
  if (name === null) return all;
  if (all.includes(name)) return [name];
  const known = all.map((one) => `"${one}"`).join(", ");
  throw new Failure("usage.invalid-value", `Cannot find channel "${name}": the config has ${known}`, {
    hint: "Name one of these channels.",
  });
}

function testMessage({ clock, host }: Context): AlertMessage {
  const at = clock.now();
  const nextStep = "codex-backup alerts list";
  return {
    id: idOf("test", "test", at),
    event: "test",
    severity: "info",
    key: "test",
    job: null,
    database: null,
    subject: `Test: alerts of codex-backup on ${host.name} arrive here`,
    lines: [
      `Somebody on ${host.name} asked at ${formatInstant(at)} whether alerts arrive.`,
      "Nothing is wrong.",
      nextLine(nextStep),
    ],
    nextStep,
    since: null,
    lastGoodAt: null,
    runId: null,
    host: host.name,
    at,
  };
}

function rowOf({ catalog }: Context, channel: string, { id }: AlertMessage): OutboxRow | null {
  const isOurs = (row: OutboxRow) =>
    row.channel === channel && row.content.kind === "alert" && row.content.message.id === id;
  return catalog.undelivered().find(isOurs) ?? null;
}

/** Some channel has neither taken it nor failed. */
function isOpen(context: Context, channels: readonly string[], message: AlertMessage): boolean {
  return channels.some((channel) => {
    const row = rowOf(context, channel, message);
    return row !== null && failureOf(context, row) === null;
  });
}

/** Its own, or that of a message which stood before it and was not taken either. */
function failureOf({ catalog }: Context, row: OutboxRow): FailureReport | null {
  if (row.failure !== null) return row.failure;
  const result = catalog.channelResults().find(({ channel }) => channel === row.channel);
  return result !== undefined && result.triedAt >= row.createdAt ? result.failure : null;
}

function resultOf(context: Context, channel: string, message: AlertMessage): ChannelTest {
  const row = rowOf(context, channel, message);
  const kind = context.alerts?.settings.channels.find(({ name }) => name === channel)?.kind ?? "";
  if (row === null) return { channel, kind, outcome: "delivered", failure: null, exit: 0 };
  const failure = failureOf(context, row) ?? reportOf(silent(channel));
  context.catalog.settleOutbox(row, { kind: "lapsed" }, context.clock.now());
  return { channel, kind, outcome: "failed", failure, exit: 1 };
}

function silent(channel: string): Failure {
  return new Failure(
    "alerts.unreachable",
    `Cannot deliver through "${channel}": another process has been at it`,
    {
      hint: "Try again in a minute.",
    },
  );
}
