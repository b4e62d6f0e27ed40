import { resolve } from "node:path";
import type {
  ChannelSettings,
  EmailSettings,
  MailTransport,
  SmtpSettings,
  WebhookSettings,
} from "../domain/alerts/alert-settings.ts";
import { Secret } from "../domain/secret.ts";
import { findWebAddressProblem, isLoopbackHost, webAddressAllowed } from "../domain/web-address.ts";
import { describePath, type Path } from "./problem.ts";
import type { AlertsKeys } from "./schema/alerts.ts";
import type { ChatKeys, EmailKeys, SmtpKeys, WebhookKeys } from "./schema/channel.ts";
import { openOptional, openRequired, type SecretContext } from "./secret-key.ts";

/** Where a channel stands, and what it is called. */
export interface ChannelPlace {
  readonly name: string;
  /** Of the group of keys of its kind. */
  readonly path: Path;
}

/** A channel as written: exactly one of the keys is there. */
export type ChannelKeys = AlertsKeys["channels"][string];

/** What was not written, or could not be opened, is empty then: the problem is reported. */
const none = new Secret("");

type Build = (place: ChannelPlace, context: SecretContext) => Promise<ChannelSettings>;

/** One for each kind that is written, in the order of the kinds. */
export function buildersOf(keys: ChannelKeys): readonly { readonly kind: string; readonly build: Build }[] {
  const { email, webhook, slack, discord, teams, ntfy, telegram, pagerduty, exec } = keys;
  const builders = [
    { kind: "email", build: email && from(email, buildEmail) },
    { kind: "webhook", build: webhook && from(webhook, buildWebhook) },
    { kind: "slack", build: slack && from(slack, chatOf("slack")) },
    { kind: "discord", build: discord && from(discord, chatOf("discord")) },
    { kind: "teams", build: teams && from(teams, chatOf("teams")) },
    { kind: "ntfy", build: ntfy && from(ntfy, buildNtfy) },
    { kind: "telegram", build: telegram && from(telegram, buildTelegram) },
    { kind: "pagerduty", build: pagerduty && from(pagerduty, buildPagerDuty) },
    { kind: "exec", build: exec && from(exec, buildExec) },
  ];
  return builders.flatMap(({ kind, build }) => (build === undefined ? [] : [{ kind, build }]));
}

type BuildFrom<Keys> = (keys: Keys, place: ChannelPlace, context: SecretContext) => Promise<ChannelSettings>;

function from<Keys>(keys: Keys, build: BuildFrom<Keys>): Build {
  return (place, context) => build(keys, place, context);
}

async function buildEmail(
  keys: EmailKeys,
  place: ChannelPlace,
  context: SecretContext,
): Promise<EmailSettings> {
  const to = typeof keys.to === "string" ? [keys.to] : keys.to;
  const transport: MailTransport = keys.smtp
    ? await buildSmtp(keys.smtp, [...place.path, "smtp"], context)
    : { kind: "sendmail", program: resolve(context.directory, keys.sendmail ?? "") };
  return { kind: "email", name: place.name, from: keys.from, to, transport };
}

const usualPorts = { starttls: 587, implicit: 465, none: 25 } as const;

async function buildSmtp(keys: SmtpKeys, path: Path, context: SecretContext): Promise<SmtpSettings> {
  const { host, tls, user } = keys;
  const refuse = (key: string, message: string) =>
    context.report({
      path: [...path, key],
      at: "key",
      message: `${describePath([...path, key])} ${message}`,
    });
  if (tls === "none" && !isLoopbackHost(host)) {
    refuse("tls", "is none, and the server is another host; allowed: starttls, implicit");
  }
  const secret = { path, key: "password", value: keys.password, file: keys.passwordFile };
  const password = await openOptional(secret, context);
  if (user === undefined && password !== null)
    refuse("user", "is missing beside a password; needed: the name to log in with");
  if (user !== undefined && password === null)
    refuse("password", "is missing beside user; needed: password or passwordFile");
  return {
    kind: "smtp",
    host,
    port: keys.port ?? usualPorts[tls],
    tls,
    login: user === undefined ? null : { user, password: password ?? none },
    caFile: fileOf(keys.caFile, context),
  };
}

async function buildWebhook(
  keys: WebhookKeys,
  place: ChannelPlace,
  context: SecretContext,
): Promise<WebhookSettings> {
  const { path, name } = place;
  const signing = { path, key: "signingKey", value: keys.signingKey, file: keys.signingKeyFile };
  const headers: WebhookSettings["headers"][number][] = [];
  for (const [header, value] of Object.entries(keys.headers)) {
    headers.push({
      name: header,
      value: await context.opener.open({ setting: value, path: [...path, "headers", header] }),
    });
  }
  return {
    kind: "webhook",
    name,
    url: await openUrl(keys, path, context),
    signingKey: await openOptional(signing, context),
    headers,
    caFile: fileOf(keys.caFile, context),
  };
}

function chatOf<Kind extends "slack" | "discord" | "teams">(kind: Kind): BuildFrom<ChatKeys> {
  return async (keys, { name, path }, context) => {
    return { kind, name, url: await openUrl(keys, path, context), caFile: fileOf(keys.caFile, context) };
  };
}

const buildNtfy: BuildFrom<NonNullable<ChannelKeys["ntfy"]>> = async (keys, { name, path }, context) => {
  const topic = { path, key: "topic", value: keys.topic, file: keys.topicFile };
  const token = { path, key: "token", value: keys.token, file: keys.tokenFile };
  checkServer(keys.server, path, context);
  return {
    kind: "ntfy",
    name,
    server: keys.server,
    topic: (await openRequired(topic, context)) ?? none,
    token: await openOptional(token, context),
    caFile: fileOf(keys.caFile, context),
  };
};

const buildTelegram: BuildFrom<NonNullable<ChannelKeys["telegram"]>> = async (
  keys,
  { name, path },
  context,
) => {
  const botToken = { path, key: "botToken", value: keys.botToken, file: keys.botTokenFile };
  checkServer(keys.server, path, context);
  return {
    kind: "telegram",
    name,
    server: keys.server,
    botToken: (await openRequired(botToken, context)) ?? none,
    chat: keys.chat,
    caFile: fileOf(keys.caFile, context),
  };
};

const buildPagerDuty: BuildFrom<NonNullable<ChannelKeys["pagerduty"]>> = async (
  keys,
  { name, path },
  context,
) => {
  const routingKey = { path, key: "routingKey", value: keys.routingKey, file: keys.routingKeyFile };
  checkServer(keys.server, path, context);
  return {
    kind: "pagerduty",
    name,
    server: keys.server,
    routingKey: (await openRequired(routingKey, context)) ?? none,
    caFile: fileOf(keys.caFile, context),
  };
};

const buildExec: BuildFrom<NonNullable<ChannelKeys["exec"]>> = async ({ argv }, { name }, { directory }) => {
  const [program = "", ...args] = argv;
  return {
    kind: "exec",
    name,
    argv: [program.includes("/") ? resolve(directory, program) : program, ...args],
  };
};

/** Of `url` or `urlFile`; a secret, so that what is wrong with it is told without it. */
async function openUrl(
  keys: Pick<ChatKeys, "url" | "urlFile">,
  path: Path,
  context: SecretContext,
): Promise<Secret> {
  const url = await openRequired({ path, key: "url", value: keys.url, file: keys.urlFile }, context);
  const place = [...path, keys.url === undefined ? "urlFile" : "url"];
  if (url !== null) checkUrl(url, place, context);
  return url ?? none;
}

/** Reports an address that messages are not sent to, and keeps its path out of every text. */
export function checkUrl(url: Secret, path: Path, { report, opener }: SecretContext): void {
  const text = url.reveal();
  if (text === "") return; // closed, or reported already
  const problem = findWebAddressProblem(text);
  if (problem !== null) {
    report({
      path,
      at: "value",
      message: `${describePath(path)} is ${problem}; allowed: ${webAddressAllowed}`,
    });
    return;
  }
  const { pathname, search } = new URL(text);
  if (pathname.length >= 8) opener.note(new Secret(`${pathname}${search}`));
}

function checkServer(server: string, path: Path, { report }: SecretContext): void {
  const problem = findWebAddressProblem(server);
  if (problem === null) return;
  const place = [...path, "server"];
  report({
    path: place,
    at: "value",
    message: `${describePath(place)} is ${problem}; allowed: ${webAddressAllowed}`,
  });
}

function fileOf(path: string | undefined, { directory }: SecretContext): string | null {
  return path === undefined ? null : resolve(directory, path);
}
