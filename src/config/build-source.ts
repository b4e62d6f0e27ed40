import { resolve } from "node:path";
import type { DatabaseSelection } from "../domain/jobs/job.ts";
import type { ContainerSelector, PostgresSource, Transport } from "../domain/jobs/source.ts";
import type { Secret } from "../domain/secret.ts";
import { type ConnectionUrl, parseConnectionUrl } from "./connection-url.ts";
import { describePath, type Path, type Problem } from "./problem.ts";
import { type PostgresSettings, sslKeys } from "./schema/postgres.ts";
import type { SecretSetting } from "./schema/secret.ts";

/** Where the parts of a source come from. */
export interface SourceContext {
  /** Of the `postgres` key. */
  readonly path: Path;
  readonly directory: string;
  readonly report: (problem: Problem) => void;
}

/** The settings with their URL taken apart. */
interface Connection {
  readonly settings: PostgresSettings;
  readonly url: ConnectionUrl;
}

const noUrl: ConnectionUrl = {
  host: null,
  port: null,
  user: null,
  password: null,
  database: null,
  parameters: {},
};

/** The secret that a source needs, and the key that names it; null when it needs none. Reports a double one. */
export function secretOf(
  settings: PostgresSettings,
  context: SourceContext,
): { readonly setting: SecretSetting; readonly path: Path } | null {
  const { password, passwordFile } = settings;
  const url = urlOf(settings, () => undefined);
  const sources = [
    ...(password === undefined ? [] : [{ key: "password", setting: password }]),
    ...(passwordFile === undefined ? [] : [{ key: "passwordFile", setting: { file: passwordFile } }]),
    ...(url.password === null ? [] : [{ key: "url", setting: url.password }]),
  ];
  const [first, second] = sources;
  if (second)
    refuse(
      context,
      second.key,
      `gives a second password, beside ${first?.key}; allowed: one of password, passwordFile, url`,
    );
  return first ? { setting: first.setting, path: [...context.path, first.key] } : null;
}

/** The source; problems are reported, and the result is then of no use. */
export function buildSource(
  settings: PostgresSettings,
  password: Secret | null,
  context: SourceContext,
): PostgresSource {
  const url = urlOf(settings, (problem) => context.report(problem(context)));
  const connection = { settings, url };
  checkContradictions(connection, context);
  const { socket } = settings;
  const local = settings.container === undefined && settings.ssh === undefined;
  const fileOf = (path: string) => (local ? resolve(context.directory, path) : path);
  return {
    transport: transportOf(settings),
    host: socket === undefined ? (settings.host ?? url.host) : fileOf(socket),
    port: settings.port ?? url.port,
    user: settings.user ?? url.user,
    password,
    parameters: parametersOf(connection),
    clientDirectory: settings.clientDirectory === undefined ? null : fileOf(settings.clientDirectory),
  };
}

/** Which databases are meant; reports when none is named or names and "*" are mixed. */
export function buildDatabases(settings: PostgresSettings, context: SourceContext): DatabaseSelection {
  const named = settings.database ?? urlOf(settings, () => undefined).database ?? [];
  const names = typeof named === "string" ? [named] : named;
  if (names.length === 0) {
    context.report({
      path: [...context.path, "database"],
      at: "key",
      message: `${describePath(context.path)}.database is missing; needed: a name, a list of names, or "*"`,
    });
  }
  const isAll = names.includes("*");
  if (isAll && names.length > 1)
    refuse(context, "database", 'has "*" beside other names; allowed: "*" alone, with except');
  if (!isAll && settings.except !== undefined)
    refuse(context, "except", 'is given without "*"; allowed: only with database: "*"');
  if (new Set(names).size < names.length)
    refuse(context, "database", "has a name twice; allowed: each name once");
  return isAll ? { kind: "all", except: settings.except ?? [] } : { kind: "named", names };
}

function urlOf(
  settings: PostgresSettings,
  report: (problem: (context: SourceContext) => Problem) => void,
): ConnectionUrl {
  if (settings.url === undefined) return noUrl;
  const parsed = parseConnectionUrl(settings.url);
  if (!("problem" in parsed)) return parsed;
  report(({ path }) => ({
    path: [...path, "url"],
    at: "value",
    message: `${describePath(path)}.url cannot be read: ${parsed.problem}; allowed: postgres://user@host:port/database`,
  }));
  return noUrl;
}

function checkContradictions({ settings, url }: Connection, context: SourceContext): void {
  if (settings.container !== undefined && settings.ssh !== undefined) {
    refuse(context, "ssh", "is given beside container; allowed: one of them");
  }
  if (settings.socket !== undefined && (settings.host !== undefined || url.host !== null)) {
    refuse(context, "socket", "is given beside a host; allowed: one of them");
  }
  if (settings.socket !== undefined && !settings.socket.startsWith("/")) {
    refuse(context, "socket", "is not an absolute path; allowed: a directory such as /var/run/postgresql");
  }
  for (const key of ["host", "port", "user", "database"] as const) {
    if (settings[key] !== undefined && url[key] !== null)
      refuse(context, key, "is also in url; allowed: one of them");
  }
  for (const key of [...sslKeys].filter(
    (key) => settings[key] !== undefined && url.parameters[key] !== undefined,
  )) {
    refuse(context, key, "is also in url; allowed: one of them");
  }
}

function refuse(context: SourceContext, key: string, message: string): void {
  const path = [...context.path, key];
  context.report({ path, at: "key", message: `${describePath(path)} ${message}` });
}

function transportOf(settings: PostgresSettings): Transport {
  const { container, ssh } = settings;
  if (typeof container === "string")
    return { kind: "container", engine: "docker", select: { by: "name", name: container } };
  if (container) return { kind: "container", engine: container.engine, select: selectorOf(container) };
  if (typeof ssh === "string") return { kind: "ssh", host: ssh, args: [] };
  return ssh ? { kind: "ssh", host: ssh.host, args: ssh.args } : { kind: "local" };
}

function selectorOf(
  container: Exclude<PostgresSettings["container"], string | undefined>,
): ContainerSelector {
  const { name = "", compose } = container;
  return compose
    ? { by: "compose", project: compose.project, service: compose.service }
    : { by: "name", name };
}

function parametersOf({ settings, url }: Connection): Readonly<Record<string, string>> {
  const ssl = sslKeys.map((key) => [key, settings[key]] as const);
  const further = Object.entries(settings.parameters ?? {});
  const given = [...ssl, ...further].flatMap(([key, value]) =>
    value === undefined ? [] : [[key, value] as const],
  );
  return { ...url.parameters, ...Object.fromEntries(given) };
}
