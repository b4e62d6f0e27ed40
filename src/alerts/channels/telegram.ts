import type { AlertMessage } from "../../domain/alerts/alert-message.ts";
import type { TelegramSettings } from "../../domain/alerts/alert-settings.ts";
import type { Channel } from "../alert.ts";
import { createHttpChannel } from "../http-channel.ts";
import { footOf, textAbove } from "../shown-message.ts";
import type { DeliveryDeps } from "../time-limit.ts";

/** A bot. Its token stands in the address, which is why no address is ever told. */
export function createTelegramChannel(settings: TelegramSettings, deps: DeliveryDeps): Channel {
  const { server, botToken, chat } = settings;
  const url = `${server.replace(/\/+$/, "")}/bot${botToken.reveal()}/sendMessage`;
  return createHttpChannel({
    kind: "telegram",
    settings,
    secrets: [botToken],
    deps,
    postsOf: (message) => [{ url, body: formatTelegram(message, chat) }],
  });
}

/** No parse mode: the text is shown as it is, and its parts are marked by position (in UTF-16 units). */
export function formatTelegram(message: AlertMessage, chat: string): string {
  const subject = unmentioned(message.subject);
  const above = unmentioned(textAbove(message, 2000));
  const head = above === "" ? subject : `${subject}\n${above}`;
  const { nextStep } = message;
  const upToStep = nextStep === null ? head : `${head}\n${nextStep}`;
  const bold = { type: "bold", offset: 0, length: subject.length };
  const step = nextStep === null ? [] : [{ type: "pre", offset: head.length + 1, length: nextStep.length }];
  return JSON.stringify({
    chat_id: chat,
    text: `${upToStep}\n${unmentioned(footOf(message))}`,
    entities: [bold, ...step],
    link_preview_options: { is_disabled: true },
    disable_notification: message.severity === "info",
  });
}

/** Telegram finds @names by itself; a joiner of no width keeps them from being called. */
function unmentioned(text: string): string {
  return text.replaceAll("@", "@\u2060");
}
