import type { AlertMessage } from "../domain/alerts/alert-message.ts";
import type { ChannelSettings } from "../domain/alerts/alert-settings.ts";
import type { Channel } from "./alert.ts";
import { createDiscordChannel } from "./channels/discord.ts";
import { createExecChannel } from "./channels/exec.ts";
import { createNtfyChannel } from "./channels/ntfy.ts";
import { createPagerDutyChannel } from "./channels/pagerduty.ts";
import { createSlackChannel } from "./channels/slack.ts";
import { createTeamsChannel } from "./channels/teams.ts";
import { createTelegramChannel } from "./channels/telegram.ts";
import { createWebhookChannel } from "./channels/webhook.ts";
import type { DeliveryDeps } from "./time-limit.ts";

/** The channels of a config, in its order. Nothing is connected, started or read before a message is delivered. */
export function createChannels(settings: readonly ChannelSettings[], deps: DeliveryDeps): readonly Channel[] {
  return settings.map((one) => createChannel(one, deps));
}

function createChannel(settings: ChannelSettings, deps: DeliveryDeps): Channel {
  switch (settings.kind) {
    case "email":
      return lazyChannel(settings, async () => {
        const { createEmailChannel } = await import("./channels/email.ts");
        return createEmailChannel(settings, deps);
      });
    case "webhook":
      return createWebhookChannel(settings, deps);
    case "slack":
      return createSlackChannel(settings, deps);
    case "discord":
      return createDiscordChannel(settings, deps);
    case "teams":
      return createTeamsChannel(settings, deps);
    case "ntfy":
      return createNtfyChannel(settings, deps);
    case "telegram":
      return createTelegramChannel(settings, deps);
    case "pagerduty":
      return createPagerDutyChannel(settings, deps);
    case "exec":
      return createExecChannel(settings, deps);
    default:
      return settings satisfies never;
  }
}

/** Mail's library is only loaded when there is a mail to send. */
function lazyChannel(
  { name, kind }: { readonly name: string; readonly kind: string },
  create: () => Promise<Channel>,
): Channel {
  let created: Promise<Channel> | null = null;
  return {
    name,
    kind,
    async deliver(message: AlertMessage, signal: AbortSignal) {
      created ??= create();
      await (await created).deliver(message, signal);
    },
    close() {
      // What is loaded holds nothing between attempts.
    },
  };
}
