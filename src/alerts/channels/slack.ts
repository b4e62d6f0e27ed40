import type { AlertMessage } from "../../domain/alerts/alert-message.ts";
import type { SlackSettings } from "../../domain/alerts/alert-settings.ts";
import type { Channel } from "../alert.ts";
import { createHttpChannel } from "../http-channel.ts";
import { footOf, textAbove } from "../shown-message.ts";
import type { DeliveryDeps } from "../time-limit.ts";

/** An incoming webhook of Slack, or of Mattermost, which shows the plain `text`. */
export function createSlackChannel(settings: SlackSettings, deps: DeliveryDeps): Channel {
  const url = settings.url.reveal();
  return createHttpChannel({
    kind: "slack",
    settings,
    secrets: [settings.url],
    deps,
    postsOf: (message) => [{ url, body: formatSlack(message) }],
  });
}

/** Rich text is shown as it is: no markup, no `<!channel>`, no links that look like others. */
export function formatSlack(message: AlertMessage): string {
  const { subject, nextStep } = message;
  const above = textAbove(message, 2500);
  const element = (type: string, texts: readonly object[]) => ({ type, elements: texts });
  const text = (value: string) => ({ type: "text", text: value });
  const elements = [
    element("rich_text_section", [{ ...text(subject), style: { bold: true } }]),
    ...(above === "" ? [] : [element("rich_text_section", [text(above)])]),
    ...(nextStep === null ? [] : [element("rich_text_preformatted", [text(nextStep)])]),
    element("rich_text_section", [{ ...text(footOf(message)), style: { italic: true } }]),
  ];
  return JSON.stringify({
    text: escapeSlack(subject),
    mrkdwn: false,
    link_names: false,
    unfurl_links: false,
    blocks: [{ type: "rich_text", elements }],
  });
}

/** The three characters that Slack gives a meaning to, in the text of notifications. */
function escapeSlack(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
