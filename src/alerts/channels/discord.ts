import type { AlertMessage, AlertSeverity } from "../../domain/alerts/alert-message.ts";
import type { DiscordSettings } from "../../domain/alerts/alert-settings.ts";
import { shorten } from "../../domain/alerts/shown-text.ts";
import { formatInstant } from "../../domain/instant.ts";
import type { Channel } from "../alert.ts";
import { createHttpChannel } from "../http-channel.ts";
import { textAbove } from "../shown-message.ts";
import type { DeliveryDeps } from "../time-limit.ts";

/** A webhook of a channel. Its address is the credential. */
export function createDiscordChannel(settings: DiscordSettings, deps: DeliveryDeps): Channel {
  const url = settings.url.reveal();
  return createHttpChannel({
    kind: "discord",
    settings,
    secrets: [settings.url],
    deps,
    postsOf: (message) => [{ url, body: formatDiscord(message) }],
  });
}

const colours: Readonly<Record<AlertSeverity, number>> = {
  critical: 0xc62828,
  warning: 0xef6c00,
  info: 0x1565c0,
  resolved: 0x2e7d32,
};

/** An embed; nobody is mentioned, whatever the text says. */
export function formatDiscord(message: AlertMessage): string {
  const { subject, nextStep, severity, host, id, at } = message;
  const step = nextStep === null ? "" : `\n\`\`\`\n${nextStep.replaceAll("`", "ˋ")}\n\`\`\``;
  const above = shorten(escapeMarkdown(textAbove(message, 2500)), 4000 - step.length);
  return JSON.stringify({
    allowed_mentions: { parse: [] },
    embeds: [
      {
        title: shorten(escapeMarkdown(shorten(subject, 250)), 256),
        description: `${above}${step}`,
        color: colours[severity],
        footer: { text: shorten(`${host} · ${id}`, 500) },
        timestamp: formatInstant(at),
      },
    ],
  });
}

/** Every character that can begin markup is escaped, some of them only where a line begins. */
function escapeMarkdown(text: string): string {
  return text
    .replaceAll(/[\\*_~`|[\]<@]/g, "\\$&")
    .replaceAll(/^(\s*)([#>+-])/gm, "$1\\$2")
    .replaceAll(/^(\s*\d+)\./gm, "$1\\.");
}
