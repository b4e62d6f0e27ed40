import { createHmac } from "node:crypto";
import type { AlertMessage } from "../../domain/alerts/alert-message.ts";
import type { WebhookSettings } from "../../domain/alerts/alert-settings.ts";
import { formatInstant, type Instant } from "../../domain/instant.ts";
import type { Secret } from "../../domain/secret.ts";
import type { Channel } from "../alert.ts";
import { createHttpChannel } from "../http-channel.ts";
import type { DeliveryDeps } from "../time-limit.ts";

/** JSON to any URL, as docs/guide/webhook.md has it. */
export function createWebhookChannel(settings: WebhookSettings, deps: DeliveryDeps): Channel {
  const { url, signingKey, headers } = settings;
  const own = Object.fromEntries(headers.map(({ name, value }) => [name.toLowerCase(), value.reveal()]));
  const secrets = [url, ...(signingKey ? [signingKey] : []), ...headers.map(({ value }) => value)];
  return createHttpChannel({
    kind: "webhook",
    settings,
    secrets,
    deps,
    postsOf(message) {
      const body = formatWebhook(message);
      const signature = signingKey
        ? { "x-codex-signature": signWebhook(body, signingKey, deps.clock.now()) }
        : {};
      const marks = { "idempotency-key": encodeURIComponent(message.id), "x-codex-event": message.event };
      return [{ url: url.reveal(), body, headers: { ...own, ...marks, ...signature } }];
    },
  });
}

/** The stable form of a message; also what programs get on their stdin. */
export function formatWebhook(message: AlertMessage): string {
  const { since, lastGoodAt, at } = message;
  const when = (moment: Instant | null) => (moment === null ? null : formatInstant(moment));
  return JSON.stringify({
    schemaVersion: 1,
    id: message.id,
    event: message.event,
    severity: message.severity,
    key: message.key,
    job: message.job,
    database: message.database,
    subject: message.subject,
    lines: message.lines,
    nextStep: message.nextStep,
    since: when(since),
    lastGoodAt: when(lastGoodAt),
    runId: message.runId,
    host: message.host,
    at: formatInstant(at),
  });
}

/** `t=SECONDS,v1=HEX`: HMAC-SHA256 over "SECONDS.BODY", so that an old request cannot be sent once more. */
export function signWebhook(body: string, key: Secret, now: Instant): string {
  const seconds = Math.floor(now / 1000);
  const digest = createHmac("sha256", key.reveal()).update(`${seconds}.${body}`).digest("hex");
  return `t=${seconds},v1=${digest}`;
}
