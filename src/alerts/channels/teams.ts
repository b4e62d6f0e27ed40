import type { AlertMessage, AlertSeverity } from "../../domain/alerts/alert-message.ts";
import type { TeamsSettings } from "../../domain/alerts/alert-settings.ts";
import type { Channel } from "../alert.ts";
import { createHttpChannel } from "../http-channel.ts";
import { footOf, textAbove } from "../shown-message.ts";
import type { DeliveryDeps } from "../time-limit.ts";

/** A workflow ("Post to a channel when a webhook request is received"). */
export function createTeamsChannel(settings: TeamsSettings, deps: DeliveryDeps): Channel {
  const url = settings.url.reveal();
  return createHttpChannel({
    kind: "teams",
    settings,
    secrets: [settings.url],
    deps,
    postsOf: (message) => [{ url, body: formatTeams(message) }],
  });
}

const colours: Readonly<Record<AlertSeverity, string>> = {
  critical: "Attention",
  warning: "Warning",
  info: "Accent",
  resolved: "Good",
};

/** An adaptive card. Its text runs know no markdown, unlike its text blocks. */
export function formatTeams(message: AlertMessage): string {
  const { subject, nextStep, severity } = message;
  const run = (text: string, style: object = {}) => ({ type: "TextRun", text, ...style });
  const block = (inline: object) => ({ type: "RichTextBlock", inlines: [inline] });
  const body = [
    block(run(subject, { weight: "Bolder", size: "Medium", color: colours[severity] })),
    ...textAbove(message, 6000)
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => block(run(line))),
    ...(nextStep === null ? [] : [block(run(nextStep, { fontType: "Monospace" }))]),
    block(run(footOf(message), { isSubtle: true, size: "Small" })),
  ];
  const content = {
    $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
    type: "AdaptiveCard",
    version: "1.4",
    body,
  };
  return JSON.stringify({
    type: "message",
    attachments: [{ contentType: "application/vnd.microsoft.card.adaptive", contentUrl: null, content }],
  });
}
