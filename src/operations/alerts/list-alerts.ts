import type { AlertsReport, ListedChannel, ListedDelivery } from "../../domain/alerts/alert-report.ts";
import { nextTry, type OutboxRow } from "../../domain/alerts/outbox.ts";
import { formatInstant, type Instant } from "../../domain/instant.ts";
import type { Context } from "../context.ts";

/** Every channel with its last result and what waits for it, what was given up, and what is wrong now. */
export function listAlerts({ catalog, alerts, clock }: Context): AlertsReport {
  const rows = catalog.undelivered();
  const results = new Map(catalog.channelResults().map((result) => [result.channel, result]));
  const configured = (alerts?.settings.channels ?? []).map(({ name, kind }) => ({ name, kind: `${kind}` }));
  const pinged = [...(alerts?.pinged ?? [])].map((job) => ({ name: `ping:${job}`, kind: "ping" }));
  const known = [...configured, ...pinged];
  const others = [...new Set(rows.map(({ channel }) => channel))].filter(
    (name) => !known.some((one) => one.name === name),
  );
  const channels = [...known, ...others.map((name) => ({ name, kind: "removed" }))].map(
    ({ name, kind }): ListedChannel => {
      const waiting = rows.filter(({ channel }) => channel === name);
      const result = results.get(name) ?? null;
      return {
        channel: name,
        kind,
        lastTriedAt: told(result?.triedAt ?? null),
        lastDeliveredAt: told(result?.deliveredAt ?? null),
        failure: result?.failure ?? null,
        waiting: waiting.length,
        nextTryAt: told(nextTry(waiting)),
      };
    },
  );
  const open = catalog
    .alertStates()
    .flatMap(({ key, job, database, incident }) =>
      incident === null
        ? []
        : [{ key, job, database, since: formatInstant(incident.since), told: incident.told }],
    );
  return {
    channels,
    waiting: rows.map(listed),
    givenUp: catalog
      .endedOutbox("given-up", 20)
      .filter((row) => isRecent(row, clock.now()))
      .map(listed),
    open,
    exit: channels.some(({ failure }) => failure !== null) ? 1 : 0,
  };
}

/** So long it is still worth knowing that nobody was told of something. */
const recentMs = 14 * 86_400_000;

function isRecent({ endedAt }: OutboxRow, now: Instant): boolean {
  return endedAt === null || now - endedAt < recentMs;
}

function listed({
  channel,
  key,
  content,
  createdAt,
  attempts,
  nextAt,
  failure,
  state,
}: OutboxRow): ListedDelivery {
  const subject =
    content.kind === "alert" ? content.message.subject : `${content.ping.kind} of ${content.ping.job}`;
  return {
    channel,
    key,
    subject,
    createdAt: formatInstant(createdAt),
    attempts,
    nextTryAt: state === "waiting" ? formatInstant(nextAt) : null,
    failure,
  };
}

function told(at: Instant | null): string | null {
  return at === null ? null : formatInstant(at);
}
