import type { Secret } from "../secret.ts";
import type { AlertEvent } from "./alert-message.ts";

/** What the operator wants to hear, where, and who is told when nobody mends it. */
export interface AlertSettings {
  readonly channels: readonly ChannelSettings[];
  /** In the config's order; every rule that fits a message sends it. Empty: every message to every channel. */
  readonly rules: readonly AlertRule[];
  readonly digest: DigestSettings;
}

/** Which messages go where. A null part fits everything. */
export interface AlertRule {
  readonly jobs: readonly string[] | null;
  readonly events: readonly AlertEvent[] | null;
  /** Names of channels; null means all. */
  readonly channels: readonly string[] | null;
  /** So long unmended, and `escalateTo` is told too; null: nobody else is. */
  readonly escalateAfterMs: number | null;
  readonly escalateTo: readonly string[];
}

export interface DigestSettings {
  /** Five fields in the config's zone; null: no digest. */
  readonly schedule: string | null;
  /** Names of channels; null means all. */
  readonly channels: readonly string[] | null;
}

/** One channel; `name` is unique in the config and what rules and `alerts test` say. */
export type ChannelSettings =
  | EmailSettings
  | WebhookSettings
  | SlackSettings
  | DiscordSettings
  | TeamsSettings
  | NtfySettings
  | TelegramSettings
  | PagerDutySettings
  | ExecSettings;

export interface EmailSettings {
  readonly kind: "email";
  readonly name: string;
  readonly from: string;
  readonly to: readonly string[];
  readonly transport: MailTransport;
}

export type MailTransport = SmtpSettings | SendmailSettings;

export interface SmtpSettings {
  readonly kind: "smtp";
  readonly host: string;
  readonly port: number;
  /** "starttls" is demanded, not tried; "none" is for loopback only. */
  readonly tls: "starttls" | "implicit" | "none";
  readonly login: { readonly user: string; readonly password: Secret } | null;
  /** PEM file trusted in place of the system's authorities. */
  readonly caFile: string | null;
}

export interface SendmailSettings {
  readonly kind: "sendmail";
  /** Absolute path of a program that takes a message on stdin, as sendmail(8) does. */
  readonly program: string;
}

export interface WebhookSettings {
  readonly kind: "webhook";
  readonly name: string;
  readonly url: Secret;
  /** Signs each body with HMAC-SHA256; null: unsigned. */
  readonly signingKey: Secret | null;
  readonly headers: readonly HeaderSetting[];
  readonly caFile: string | null;
}

export interface HeaderSetting {
  readonly name: string;
  readonly value: Secret;
}

export interface SlackSettings {
  readonly kind: "slack";
  readonly name: string;
  readonly url: Secret;
  readonly caFile: string | null;
}

export interface DiscordSettings {
  readonly kind: "discord";
  readonly name: string;
  readonly url: Secret;
  readonly caFile: string | null;
}

export interface TeamsSettings {
  readonly kind: "teams";
  readonly name: string;
  readonly url: Secret;
  readonly caFile: string | null;
}

export interface NtfySettings {
  readonly kind: "ntfy";
  readonly name: string;
  /** Of the server, such as "https://ntfy.sh". */
  readonly server: string;
  readonly topic: Secret;
  readonly token: Secret | null;
  readonly caFile: string | null;
}

export interface TelegramSettings {
  readonly kind: "telegram";
  readonly name: string;
  readonly server: string;
  readonly botToken: Secret;
  readonly chat: string;
  readonly caFile: string | null;
}

export interface PagerDutySettings {
  readonly kind: "pagerduty";
  readonly name: string;
  readonly server: string;
  readonly routingKey: Secret;
  readonly caFile: string | null;
}

export interface ExecSettings {
  readonly kind: "exec";
  readonly name: string;
  /** Given the message as JSON on stdin; no shell. */
  readonly argv: readonly string[];
}

/** The watcher outside: one URL for each job. */
export interface PingSettings {
  /** By the job's name; a job that is absent here is not pinged. */
  readonly urls: ReadonlyMap<string, Secret>;
  /** What the URLs of jobs without one of their own were made from: {job} stands for the name. */
  readonly template: Secret | null;
  readonly caFile: string | null;
}
