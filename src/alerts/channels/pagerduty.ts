import { createHash } from "node:crypto";
import type { AlertMessage, AlertSeverity } from "../../domain/alerts/alert-message.ts";
import type { PagerDutySettings } from "../../domain/alerts/alert-settings.ts";
import { formatInstant } from "../../domain/instant.ts";
import type { Channel } from "../alert.ts";
import { createHttpChannel, type Post } from "../http-channel.ts";
import type { DeliveryDeps } from "../time-limit.ts";

/** Events API v2: an incident opens when something begins and is resolved when it has recovered. */
export function createPagerDutyChannel(settings: PagerDutySettings, deps: DeliveryDeps): Channel {
  const { server, routingKey } = settings;
  const base = server.replace(/\/+$/, "");
  return createHttpChannel({
    kind: "pagerduty",
    settings,
    secrets: [routingKey],
    deps,
    postsOf: (message) => postsOf(message, { base, key: routingKey.reveal() }),
  });
}

interface Account {
  readonly base: string;
  readonly key: string;
}

/** A digest wakes nobody: it is a change event. A test opens an incident and resolves it. */
function postsOf(message: AlertMessage, { base, key }: Account): readonly Post[] {
  const events = `${base}/v2/enqueue`;
  if (message.event === "digest")
    return [{ url: `${base}/v2/change/enqueue`, body: formatPagerDutyChange(message, key) }];
  if (message.event !== "test") return [{ url: events, body: formatPagerDuty(message, key) }];
  return [message, { ...message, severity: "resolved" as const }].map((one) => ({
    url: events,
    body: formatPagerDuty(one, key),
  }));
}

const severities: Readonly<Record<AlertSeverity, string>> = {
  critical: "critical",
  warning: "warning",
  info: "info",
  resolved: "info",
};

/** An event that opens an incident, or resolves the one with the same key. */
export function formatPagerDuty(message: AlertMessage, routingKey: string): string {
  const { severity, key, host, job, event } = message;
  return JSON.stringify({
    routing_key: routingKey,
    event_action: severity === "resolved" ? "resolve" : "trigger",
    dedup_key: incidentOf(host, key),
    client: "codex-backup",
    payload: {
      ...payloadOf(message),
      source: host,
      severity: severities[severity],
      component: job,
      class: event,
    },
  });
}

/** With the host: two of them may share a service, and one's recovery must not resolve the other's incident. */
function incidentOf(host: string, key: string): string {
  const name = `${host} ${key}`;
  return name.length <= 255 ? name : createHash("sha256").update(name).digest("hex");
}

/** A change event: it is listed, and calls nobody. */
export function formatPagerDutyChange(message: AlertMessage, routingKey: string): string {
  return JSON.stringify({
    routing_key: routingKey,
    payload: { ...payloadOf(message), source: message.host },
  });
}

function payloadOf(message: AlertMessage) {
  const { subject, lines, nextStep, database, runId, at, id } = message;
  return {
    summary: subject,
    timestamp: formatInstant(at),
    custom_details: { lines: lines.join("\n"), nextStep, database, runId, id },
  };
}
