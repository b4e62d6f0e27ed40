import { z } from "zod";
import { plainText } from "./scalar.ts";
import { secret } from "./secret.ts";

/** What may stand in a header or on a command line of mail: one line, no list, no comment. */
const addressRule = /^[^\s@<>(),:;"\\-][^\s@<>(),:;"\\]*@[^\s@<>(),:;"\\]+$/;

const address = z
  .string({ error: () => "an address such as ops@example.org" })
  .regex(addressRule, { error: () => "an address such as ops@example.org, without a name" });

/** A host name or address; no port, no path. */
const host = z
  .string({ error: () => "a host name or address" })
  .regex(/^[A-Za-z0-9:][A-Za-z0-9.:_-]*$/, { error: () => "a host name or address" });

const port = z
  .int({ error: () => "a port from 1 to 65535" })
  .min(1, { error: () => "a port from 1 to 65535" })
  .max(65535, { error: () => "a port from 1 to 65535" });

const caFile = plainText
  .optional()
  .describe("PEM file with the authorities to trust, in place of the usual ones; read at each attempt");

const urlKeys = {
  url: secret
    .optional()
    .describe(
      "Where to: { env: NAME }, { file: PATH } or { command: [PROGRAM, …] }; whoever knows it can post",
    ),
  urlFile: plainText.optional().describe("Short for url: { file: PATH }"),
};

const server = plainText.describe("Where its API is; https, or http to this host");

const smtp = z.strictObject({
  host: host.describe("The mail server"),
  port: port.optional().describe("Default: 587, with tls: implicit 465, with tls: none 25"),
  tls: z
    .enum(["starttls", "implicit", "none"])
    .default("starttls")
    .describe("starttls and implicit are demanded, never just tried; none is for a server of this host"),
  user: plainText.optional().describe("Name to log in with; default: no login"),
  password: secret
    .optional()
    .describe("Its password: { env: NAME }, { file: PATH } or { command: [PROGRAM, …] }"),
  passwordFile: plainText.optional().describe("Short for password: { file: PATH }"),
  caFile,
});

const email = z
  .strictObject({
    from: address.describe("Sender"),
    to: z
      .union([address, z.array(address).min(1, { error: () => "at least one address" })])
      .describe("One recipient, or a list of them"),
    smtp: smtp.optional().describe("The server that takes the mail"),
    sendmail: plainText
      .optional()
      .describe("Instead of smtp: the local mailer's program, such as /usr/sbin/sendmail"),
  })
  .superRefine((settings, context) => {
    if ((settings.smtp === undefined) !== (settings.sendmail === undefined)) return;
    context.addIssue({ code: "custom", message: "exactly one of smtp, sendmail" });
  });

/** What HTTP lets a name consist of; those that we write ourselves are refused. */
const headerName =
  /^(?!(host|content-length|content-type|transfer-encoding|connection|x-codex-.*)$)[\w!#$%&'*+.^`|~-]+$/i;

const webhook = z.strictObject({
  ...urlKeys,
  signingKey: secret
    .optional()
    .describe("Signs each body with HMAC-SHA256: { env: NAME }, { file: PATH } or { command: [PROGRAM, …] }"),
  signingKeyFile: plainText.optional().describe("Short for signingKey: { file: PATH }"),
  headers: z
    .record(
      z.string().regex(headerName, { error: () => "a header's name that we do not write ourselves" }),
      secret,
    )
    .default({})
    .describe("Further headers, such as Authorization: { file: PATH }"),
  caFile,
});

const chat = z.strictObject({ ...urlKeys, caFile });

const ntfy = z.strictObject({
  server: server.default("https://ntfy.sh"),
  topic: secret
    .optional()
    .describe("The topic; whoever knows it can read and write, unless the server asks for a token"),
  topicFile: plainText.optional().describe("Short for topic: { file: PATH }"),
  token: secret.optional().describe("Access token; default: none"),
  tokenFile: plainText.optional().describe("Short for token: { file: PATH }"),
  caFile,
});

const telegram = z.strictObject({
  server: server.default("https://api.telegram.org"),
  botToken: secret.optional().describe("The bot's token"),
  botTokenFile: plainText.optional().describe("Short for botToken: { file: PATH }"),
  chat: z
    .union([
      z.int({ error: () => "a chat's number or @name" }),
      z
        .string({ error: () => "a chat's number or @name" })
        .regex(/^(-?\d+|@\w+)$/, { error: () => "a chat's number or @name" }),
    ])
    .transform(String)
    .describe("The chat's number, or the @name of a channel"),
  caFile,
});

const pagerduty = z.strictObject({
  server: server.default("https://events.pagerduty.com"),
  routingKey: secret.optional().describe("Integration key of the service (Events API v2)"),
  routingKeyFile: plainText.optional().describe("Short for routingKey: { file: PATH }"),
  caFile,
});

const exec = z.strictObject({
  argv: z
    .array(plainText)
    .min(1, { error: () => "a program and its arguments" })
    .describe("The program and its arguments, no shell; exit status 0 is delivered, 75 try later"),
});

/** Each kind of channel, by the key that makes a channel one. */
export const channelKinds = {
  email: email.describe("Mail"),
  webhook: webhook.describe("JSON to any URL (see the webhook page)"),
  slack: chat.describe("Slack, or Mattermost: an incoming webhook"),
  discord: chat.describe("Discord: a channel's webhook"),
  teams: chat.describe("Microsoft Teams: a workflow's webhook"),
  ntfy: ntfy.describe("ntfy"),
  telegram: telegram.describe("Telegram: a bot"),
  pagerduty: pagerduty.describe("PagerDuty: opens and resolves incidents"),
  exec: exec.describe("Any program: the message as JSON on its stdin"),
};

export type ChannelKindKey = keyof typeof channelKinds;

/** As written, every default filled in. */
export type EmailKeys = z.output<typeof email>;
export type SmtpKeys = z.output<typeof smtp>;
export type WebhookKeys = z.output<typeof webhook>;
export type ChatKeys = z.output<typeof chat>;
