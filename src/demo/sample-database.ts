import { Failure } from "../domain/failure.ts";
import { describeEnd, startChild, succeeded } from "../platform/child.ts";
import { readOwnText } from "../platform/own-files.ts";
import { readToEnd } from "../platform/read-to-end.ts";
import type { DemoParts, DemoTable } from "./demo.ts";
import type { EmbeddedServer } from "./embedded-server.ts";

const auditRows = 20_000;

/** Creates the database with its five tables. Returns how many rows they have together. */
export async function fillDatabase(
  parts: DemoParts,
  server: EmbeddedServer,
  database: string,
): Promise<number> {
  await psql(parts, server, { database: "postgres", args: ["-c", `CREATE DATABASE ${database}`] });
  await psql(parts, server, {
    database,
    args: ["-v", `rows=${auditRows}`, "-f", "-"],
    input: readOwnText("src/demo/codex.sql"),
  });
  const tables = await hashTables(parts, server, database);
  return [...tables.values()].reduce((sum, { rows }) => sum + rows, 0);
}

/** Each table of two databases, by row count and a hash over its rows in a fixed order; both computed by the server. */
export async function compareTables(
  parts: DemoParts,
  server: EmbeddedServer,
  [first, second]: readonly [string, string],
): Promise<readonly DemoTable[]> {
  const source = await hashTables(parts, server, first);
  const restored = await hashTables(parts, server, second);
  const names = [...new Set([...source.keys(), ...restored.keys()])].sort();
  return names.map((name) => {
    const a = source.get(name);
    const b = restored.get(name);
    return {
      name,
      rows: a?.rows ?? 0,
      isEqual: a !== undefined && b !== undefined && a.rows === b.rows && a.hash === b.hash,
    };
  });
}

interface HashedTable {
  readonly rows: number;
  readonly hash: string;
}

const tableNames =
  "SELECT format('%I', relname) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1";

async function hashTables(
  parts: DemoParts,
  server: EmbeddedServer,
  database: string,
): Promise<ReadonlyMap<string, HashedTable>> {
  const names = (await psql(parts, server, { database, args: ["-c", tableNames] }))
    .split("\n")
    .filter((name) => name !== "");
  const hashed = new Map<string, HashedTable>();
  for (const name of names) {
    const sql = `SELECT count(*), coalesce(md5(string_agg(t::text, E'\\n' ORDER BY t::text)), '') FROM ${name} t`;
    const [rows = "0", hash = ""] = (await psql(parts, server, { database, args: ["-c", sql] })).split("|");
    hashed.set(name, { rows: Number(rows), hash });
  }
  return hashed;
}

interface PsqlCall {
  readonly database: string;
  readonly args: readonly string[];
  /** For its stdin. */
  readonly input?: string;
}

async function psql(
  { childEnv }: DemoParts,
  server: EmbeddedServer,
  { database, args, input }: PsqlCall,
): Promise<string> {
  const connection = [
    "-X",
    "-qAt",
    "-v",
    "ON_ERROR_STOP=1",
    "-h",
    server.directory,
    "-U",
    server.user,
    "-d",
    database,
  ];
  const child = await startChild({
    program: "psql",
    args: [...connection, ...args],
    env: { ...childEnv, LC_ALL: "C", PGOPTIONS: "-c timezone=UTC" },
    stdin: "pipe",
    stdout: "pipe",
  });
  child.stdin?.end(input ?? "");
  const output = child.stdout === null ? "" : (await readToEnd(child.stdout)).toString("utf8");
  const end = await child.ended;
  if (succeeded(end)) return output.trimEnd();
  throw new Failure(
    "postgres.query",
    `Cannot ask the sample database: psql ended with ${describeEnd(end)}: ${end.stderr.trim()}`,
  );
}
