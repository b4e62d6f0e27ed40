/**
 * Config: what the operator wrote, read once, checked whole, every default filled in.
 *
 * Owns: the keys and their meaning, finding and reading the file, opening secrets, the messages about what
 * is wrong in it (file:line:column), the published JSON Schema, the texts that `init` writes. Refuses: to
 * reach a server, a container or a destination; to know whether a path exists.
 * Words: key, setting (a value as written), problem, secret, preset.
 * May go to: platform, domain.
 */

import type { HttpSettings } from "../domain/access/http-settings.ts";
import type { AlertSettings, PingSettings } from "../domain/alerts/alert-settings.ts";
import type { ReadingSettings } from "../domain/copies/reading-plan.ts";
import type { FailureCode } from "../domain/failure-table.ts";
import type { ConfigCopySettings } from "../domain/jobs/config-copy-settings.ts";
import type { Job } from "../domain/jobs/job.ts";
import type { LogsSettings } from "../domain/jobs/logs-settings.ts";
import type { PostgresSource } from "../domain/jobs/source.ts";
import type { TelemetrySettings } from "../domain/jobs/telemetry-settings.ts";
import type { Secret } from "../domain/secret.ts";
import type { DestinationConfig } from "./destination-config.ts";

/** What this room raises. @public */
export type ConfigFailureCode = Extract<FailureCode, `config.${string}`>;

/** A whole, valid configuration. Paths are absolute: relative ones are taken from the file's directory. */
export interface Config {
  readonly path: string;
  readonly statePath: string;
  /** The default zone; each job has its own. */
  readonly timezone: string;
  /** In the file's order. */
  readonly destinations: readonly DestinationConfig[];
  /** In the file's order; at least one. */
  readonly jobs: readonly Job[];
  readonly scheduler: SchedulerConfig;
  /** Null: `serve` answers no requests. */
  readonly http: HttpSettings | null;
  /** Public keys of minisign whose signatures count beside those of our own key. */
  readonly trustedKeys: readonly string[];
  /** How copies are read again. */
  readonly reading: ReadingSettings;
  readonly logs: LogsSettings;
  /** Null: no traces. */
  readonly telemetry: TelemetrySettings | null;
  /** Null when nobody is to be told. */
  readonly alerts: AlertSettings | null;
  /** Null: no copies of the file itself are kept at destinations. */
  readonly configCopy: ConfigCopySettings | null;
  /** Null when nobody outside watches. */
  readonly pings: PingSettings | null;
  /** Every secret that was opened, for redaction. */
  readonly secrets: readonly Secret[];
}

/** How `serve` starts runs. */
export interface SchedulerConfig {
  /** So many runs at once. */
  readonly concurrency: number;
  /** How long it waits for runs when it is asked to end. */
  readonly drainMs: number;
}

export interface LoadOptions {
  /**
   * "closed" for commands that talk to no server: no secret file is read and no secret command is run, so
   * that monitoring needs no right to them. A password is then an empty Secret. Default "open".
   */
  readonly secrets?: SecretAccess;
}

/**
 * "destinations" for commands that use destinations and no server: of the others nothing is opened, and what one destination
 * lacks must not keep the others from being used. "passwords" for runs: what a backup does not need, such as a mail server's
 * password, must not cost a night;
 * "lenient" for alerts: one channel's lost secret must not silence the others. What then cannot be opened is an
 * empty Secret, and its use fails.
 */
export type SecretAccess = "open" | "closed" | "destinations" | "passwords" | "lenient";

export interface ConfigLoader {
  /**
   * The file to use: `asked` (--config), $CODEX_BACKUP_CONFIG, ./codex-backup.yaml,
   * /etc/codex-backup/config.yaml. Throws "config.missing" with every place that was looked at; the first
   * two must exist when they are given.
   */
  locate(asked: string | null): Promise<string>;
  /**
   * Reads and checks everything. Throws "config.missing", "config.unreadable", "config.syntax" (not YAML),
   * "config.secret" (only secrets are wrong) or "config.invalid"; the message has one line for each problem of
   * the file, all of them at once.
   */
  load(path: string, options?: LoadOptions): Promise<Config>;
  /** As load, of a text that is not in its file yet; `path` says where it would be. */
  loadText(text: string, path: string, options?: LoadOptions): Promise<Config>;
  /** See server-of-url.ts. */
  serverOf(url: string): PostgresSource;
  /** YAML that reads back as the same configuration, with nothing left out. Secrets show where they come from, or a placeholder. */
  showEffective(config: Config): string;
  /** The JSON Schema of the file, for editors. */
  schema(): Readonly<Record<string, unknown>>;
  /** A commented file, ready to edit; load() accepts it. Never holds a password. Throws "config.invalid" for a URL that cannot be read. */
  preset(request: PresetRequest): string;
  /** What the lines of a crontab, in either form, become as a config. Never throws; shows no password. */
  importCrontab(text: string, timezone: string): CrontabImport;
}

export interface CrontabImport {
  /** A file that load() accepts; null when no line could be taken over. */
  readonly yaml: string | null;
  /** Every line that is no comment, in the file's order. */
  readonly lines: readonly ImportedLine[];
}

export interface ImportedLine {
  readonly number: number;
  /** As it stands there, passwords hidden. */
  readonly text: string;
  readonly outcome: "taken over" | "left out" | "noted";
  /** The job that it became, or changed. */
  readonly job: string | null;
  /** What is otherwise now, and why it was left out. */
  readonly notes: readonly string[];
}

/** What `init` was asked for. `timezone` is the host's, unless the operator names another. */
export type PresetRequest = { readonly timezone: string } & (
  | { readonly kind: "codex" }
  | {
      readonly kind: "container";
      readonly container: string;
      readonly user: string;
      /** Null: all databases. */
      readonly database: string | null;
    }
  | { readonly kind: "postgres"; readonly url: string }
  /** To restore from a storage alone, in the words of config/address.ts. */
  | { readonly kind: "address"; readonly address: string }
);
