import { exampleOf, overwritesOlder, templateOf } from "./import-name.ts";
import type { ShellLine } from "./import-shell.ts";
import { absolute, parentOf, type Recognised } from "./import-task.ts";

type Dump = Extract<Recognised, { readonly kind: "dump" }>;
type Postgres = Record<string, string | number | Readonly<Record<string, string>>>;

const engines = ["docker", "podman", "nerdctl"];

/** A line with pg_dump in it; null for others. */
export function recogniseDump(
  line: ShellLine,
  environment: Readonly<Record<string, string>>,
): Recognised | null {
  const [first = [], ...filters] = line.pipe;
  const inside = first.findIndex((word) => /(^|\/)pg_dump$/.test(word));
  if (inside < 0) return null;
  const postgres: Postgres = {};
  const notes: string[] = [];
  const prefix = first.slice(0, inside);
  if (prefix.length > 0 && !readContainer(prefix, postgres, notes))
    return { kind: "none", reason: "what starts pg_dump there is not known to us" };
  const env = { ...environment, ...line.environment };
  const options = readOptions(first.slice(inside + 1), { ...fromEnvironment(env, notes) }, notes);
  Object.assign(postgres, options.postgres);
  const target = absolute(line.directory, line.output ?? options.file ?? "");
  if (target === null) return { kind: "none", reason: "where its dump goes is not certain" };
  const compress = compressionOf(filters);
  if (compress === null) return { kind: "none", reason: "what the dump is piped through is not known to us" };
  const file = target.slice(target.lastIndexOf("/") + 1);
  const name = templateOf(file, ["sql", "dump", "backup", "gz", "zst", "pgdump"]);
  if (name === null) return { kind: "none", reason: `the name "${file}" is made in a way not known to us` };
  if (postgres.database === undefined) return { kind: "none", reason: "it names no database" };
  if (overwritesOlder(file)) notes.push(overwriteNote);
  return {
    kind: "dump",
    postgres,
    directory: parentOf(target),
    file: exampleOf(file),
    name,
    format: options.format,
    compress,
    notes,
  };
}

const overwriteNote =
  "it wrote over its older files; now each backup has a name of its own and stays: give the job a keep";

/** docker exec [-i] [-u USER] NAME. */
function readContainer(words: readonly string[], postgres: Postgres, notes: string[]): boolean {
  const engine = (words[0] ?? "").replace(/^.*\//, "");
  if (!engines.includes(engine) || words[1] !== "exec") return false;
  let name: string | null = null;
  for (let at = 2; at < words.length; at++) {
    const word = words[at] ?? "";
    if (/^(-u|--user|-e|--env|-w|--workdir)$/.test(word)) noteOption(word, words[++at] ?? "", notes);
    else if (word.startsWith("-")) noteOption(word, "", notes);
    else if (name === null) name = word;
    else return false;
  }
  if (name === null || !/^[A-Za-z0-9][\w.-]*$/.test(name)) return false;
  postgres.container = engine === "docker" ? name : { engine, name };
  return true;
}

function noteOption(option: string, value: string, notes: string[]): void {
  if (/^--?(e|env)$/.test(option) && value.startsWith("PGPASSWORD")) notes.push(passwordNote);
  else if (/^-(u|-user)$/.test(option))
    notes.push(`without ${option} ${value}: the client runs as the container's own user`);
  else if (!/^-[it]+$/.test(option)) notes.push(`without ${option}`);
}

const passwordNote =
  "its password was not taken over: put it into a file, mode 0600, and set postgres.passwordFile";

function fromEnvironment(env: Readonly<Record<string, string>>, notes: string[]): Postgres {
  const postgres: Postgres = {};
  if (env.PGHOST) Object.assign(postgres, hostOf(env.PGHOST));
  if (/^\d+$/.test(env.PGPORT ?? "")) postgres.port = Number(env.PGPORT);
  if (env.PGUSER) postgres.user = env.PGUSER;
  if (env.PGDATABASE) postgres.database = env.PGDATABASE;
  if (env.PGPASSWORD || env.PGPASSFILE) notes.push(passwordNote);
  return postgres;
}

function hostOf(host: string): Postgres {
  return host.startsWith("/") ? { socket: host } : { host };
}

interface DumpOptions {
  readonly postgres: Postgres;
  readonly format: Dump["format"];
  readonly file: string | null;
}

const valued =
  /^(-[hpUdfFZjnNtTE]|--(host|port|username|dbname|file|format|compress|jobs|schema|table|encoding|exclude-\S+))$/;

function readOptions(words: readonly string[], postgres: Postgres, notes: string[]): DumpOptions {
  let format: Dump["format"] = "sql";
  let file: string | null = null;
  for (const [option, value] of optionsOf(words)) {
    if (option === "-h" || option === "--host") Object.assign(postgres, hostOf(value));
    else if (option === "-p" || option === "--port") postgres.port = Number(value) || 5432;
    else if (option === "-U" || option === "--username") postgres.user = value;
    else if (option === "-f" || option === "--file") file = value;
    else if (option === "-F" || option === "--format") format = /^c/.test(value) ? "custom" : "sql";
    else if (option === "" || option === "-d" || option === "--dbname") readDatabase(value, postgres, notes);
    else if (!/^(-w|--no-password|-v|--verbose)$/.test(option))
      notes.push(`without ${option}${value && ` ${value}`}: the whole database is dumped, with its owners`);
  }
  return { postgres, format, file };
}

/** A connection string may hold the password. */
function readDatabase(value: string, postgres: Postgres, notes: string[]): void {
  const url = /^postgres(?:ql)?:\/\/(?:([^:@/]*)(:[^@]*)?@)?([^:/?]*)(?::(\d+))?\/([^?]*)/.exec(value);
  if (!url) {
    if (/[\s=]/.test(value)) notes.push("its connection string was not taken over");
    else postgres.database = value;
    return;
  }
  const [, user, password, host, port, database] = url;
  if (user) postgres.user = user;
  if (password) notes.push(passwordNote);
  if (host) postgres.host = host;
  if (port) postgres.port = Number(port);
  if (database) postgres.database = database;
}

/** Options with their values; "" for what is no option. */
function optionsOf(words: readonly string[]): readonly (readonly [string, string])[] {
  const found: [string, string][] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    const joined =
      /^(-[hpUdfFZ])(.+)$/.exec(word.startsWith("--") ? "" : word) ?? /^(--[\w-]+)=(.*)$/.exec(word);
    if (valued.test(word)) found.push([word, words[++at] ?? ""]);
    else if (joined) found.push([joined[1] ?? "", joined[2] ?? ""]);
    else found.push(word.startsWith("-") ? [word, ""] : ["", word]);
  }
  return found;
}

/** Null for a filter that is no compressor. */
function compressionOf(filters: readonly (readonly string[])[]): Dump["compress"] | null {
  const [filter, ...more] = filters;
  if (filter === undefined) return "none";
  if (more.length > 0) return null;
  const program = (filter[0] ?? "").replace(/^.*\//, "");
  if (program === "gzip" || program === "pigz") return "gzip";
  return program === "zstd" ? "zstd" : null;
}
