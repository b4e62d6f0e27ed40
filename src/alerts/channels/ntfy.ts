import type { AlertMessage, AlertSeverity } from "../../domain/alerts/alert-message.ts";
import type { NtfySettings } from "../../domain/alerts/alert-settings.ts";
import { shortenBytes } from "../../domain/alerts/shown-text.ts";
import type { Channel } from "../alert.ts";
import { createHttpChannel } from "../http-channel.ts";
import { textAbove } from "../shown-message.ts";
import type { DeliveryDeps } from "../time-limit.ts";

/** Published as JSON, so that the topic stands in no address. */
export function createNtfyChannel(settings: NtfySettings, deps: DeliveryDeps): Channel {
  const { server, topic, token } = settings;
  const headers = token === null ? {} : { authorization: `Bearer ${token.reveal()}` };
  return createHttpChannel({
    kind: "ntfy",
    settings,
    secrets: token === null ? [topic] : [topic, token],
    deps,
    postsOf: (message) => [{ url: server, body: formatNtfy(message, topic.reveal()), headers }],
  });
}

const urgency: Readonly<Record<AlertSeverity, { readonly priority: number; readonly tag: string }>> = {
  critical: { priority: 5, tag: "rotating_light" },
  warning: { priority: 4, tag: "warning" },
  info: { priority: 2, tag: "information_source" },
  resolved: { priority: 3, tag: "white_check_mark" },
};

/** Larger texts would become attachments. */
const textLimitBytes = 3500;

/** What is published: small enough to stay a message, with the next step whole wherever it fits. */
export function formatNtfy(message: AlertMessage, topic: string): string {
  const { subject, severity, nextStep, event, job, host } = message;
  const { priority, tag } = urgency[severity];
  const step = nextStep === null ? "" : `\nNext: ${shortenBytes(nextStep, 500)}`;
  const text =
    `${shortenBytes(textAbove(message, 3500), textLimitBytes - 500)}${step}\n${shortenBytes(host, 200)}`.trim();
  return JSON.stringify({
    topic,
    title: shortenBytes(subject, 250),
    message: text,
    priority,
    tags: [tag, event, ...(job === null ? [] : [job])],
    markdown: false,
  });
}
