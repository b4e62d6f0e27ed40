import { type AlertMessage, type AlertSeverity, alertEvents } from "../../domain/alerts/alert-message.ts";
import type { OutboxContent } from "../../domain/alerts/outbox.ts";
import type { Ping } from "../../domain/alerts/ping.ts";
import { type Instant, isInstant } from "../../domain/instant.ts";

/** A row's content as it was written; null when it is something else. */
export function readContent(value: unknown): OutboxContent | null {
  const fields = fieldsOf(value);
  if (fields?.get("kind") === "ping") {
    const ping = readPing(fields.get("ping"));
    return ping && { kind: "ping", ping };
  }
  const message = fields?.get("kind") === "alert" ? readMessage(fields.get("message")) : null;
  return message && { kind: "alert", message };
}

const kinds: readonly Ping["kind"][] = ["start", "success", "fail"];

function readPing(value: unknown): Ping | null {
  const fields = fieldsOf(value);
  const [job, runId, body] = ["job", "runId", "body"].map((name) => textOf(fields?.get(name)));
  const kind = kinds.find((one) => one === fields?.get("kind"));
  return job != null && runId != null && body != null && kind !== undefined
    ? { job, runId, body, kind }
    : null;
}

const severities: readonly AlertSeverity[] = ["critical", "warning", "info", "resolved"];

function readMessage(value: unknown): AlertMessage | null {
  const fields = fieldsOf(value);
  if (fields === null) return null;
  const [id, key, subject, host] = ["id", "key", "subject", "host"].map((name) => textOf(fields.get(name)));
  const event = alertEvents.find((one) => one === fields.get("event"));
  const severity = severities.find((one) => one === fields.get("severity"));
  const at = momentOf(fields.get("at"));
  const lines = fields.get("lines");
  if (id == null || key == null || subject == null || host == null || at === null) return null;
  if (event === undefined || severity === undefined) return null;
  if (!Array.isArray(lines) || !lines.every((line) => typeof line === "string")) return null;
  return {
    id,
    event,
    severity,
    key,
    job: textOf(fields.get("job")),
    database: textOf(fields.get("database")),
    subject,
    lines,
    nextStep: textOf(fields.get("nextStep")),
    since: momentOf(fields.get("since")),
    lastGoodAt: momentOf(fields.get("lastGoodAt")),
    runId: textOf(fields.get("runId")),
    host,
    at,
  };
}

function fieldsOf(value: unknown): ReadonlyMap<string, unknown> | null {
  return typeof value === "object" && value !== null ? new Map<string, unknown>(Object.entries(value)) : null;
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function momentOf(value: unknown): Instant | null {
  return isInstant(value) ? value : null;
}
