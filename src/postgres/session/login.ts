import { Failure } from "../../domain/failure.ts";
import { succeeded } from "../../platform/child.ts";
import { type Access, conninfoOf, describeServer } from "../access.ts";
import type { Purpose } from "../label.ts";
import { sessionPins, tokenSetting, unconverted } from "../pins.ts";
import { explainConnectFailure } from "./connect-failure.ts";
import type { Reply } from "./reply-reader.ts";
import { attachSession, openedSession, queryRefused, type RawSession, type Session } from "./session.ts";

export interface LoginRequest {
  readonly database: string;
  readonly purpose: Purpose;
  /** How long a statement may wait for a lock; default: no limit. */
  readonly lockTimeoutMs?: number;
  /**
   * The statements hold an operator's own words: the server converts them from UTF-8, unless its database has no encoding.
   * Left out: bytes pass as they are, both ways, and what names of roles and databases are made of is never converted.
   */
  readonly isConverted?: boolean;
  readonly signal: AbortSignal;
}

interface Hello {
  readonly pid: number;
  readonly token: string | null;
  readonly encoding: string;
}

/**
 * Starts psql, logs in with a real query and makes sure that the session is one server process of ours.
 * Throws "postgres.unreachable", "…login", "…database-missing", "…pooler", "…container-*", ….
 */
export async function logIn(access: Access, request: LoginRequest): Promise<Session> {
  const token = access.deps.newToken();
  const child = await access.reach.start(psqlCall(access, request, token));
  const raw = attachSession(child, { ...request, token, clock: access.deps.clock });
  try {
    const first = await greet(raw, access, request);
    checkPooler(access, request.database, { hello: first, token });
    // In statement pooling, another statement may run in another process.
    checkPooler(access, request.database, { hello: await hello(raw, request.database), token, first });
    await raw.send(liftTimeouts);
    const { database, isConverted = false } = request;
    const encoding = isConverted && hasLetters(first.encoding) ? "UTF8" : first.encoding;
    const session = openedSession(raw, { backendPid: first.pid, database, encoding });
    if (encoding !== first.encoding) await session.execute("SET client_encoding = 'UTF8'");
    return session;
  } catch (error) {
    await raw.close();
    throw error;
  }
}

/** Whether the server can convert from and to it. */
function hasLetters(encoding: string): boolean {
  return encoding !== "SQL_ASCII" && encoding !== "UTF8";
}

function psqlCall(access: Access, request: LoginRequest, token: string) {
  const lockTimeout = String(request.lockTimeoutMs ?? 0);
  const settings = { ...sessionPins, lock_timeout: lockTimeout, [tokenSetting]: token };
  const dbname = conninfoOf(access, { ...request, settings, keywords: unconverted });
  return {
    program: `${access.programs}psql`,
    args: ["--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--no-password", `--dbname=${dbname}`],
    stdin: "pipe",
    stdout: "pipe",
    login: true,
  } as const;
}

// Settings that older servers do not have, so they cannot be pinned at the start of the connection.
const liftTimeouts = `SELECT pg_catalog.set_config(name, '0', false) FROM pg_catalog.pg_settings
  WHERE name IN ('transaction_timeout', 'idle_session_timeout') AND setting <> '0'`;

const helloSql = `SELECT pg_catalog.json_build_object('pid', pg_catalog.pg_backend_pid(),
  'token', pg_catalog.current_setting('${tokenSetting}', true),
  'encoding', pg_catalog.current_setting('server_encoding'))`;

async function greet(raw: RawSession, access: Access, request: LoginRequest): Promise<Hello> {
  try {
    return await hello(raw, request.database);
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== "postgres.session-lost") throw error;
    const end = await raw.ended;
    if (succeeded(end)) throw error;
    throw await explainConnectFailure(access, request, end);
  }
}

async function hello(raw: RawSession, database: string): Promise<Hello> {
  const reply: Reply = await raw.send(helloSql);
  if (reply.refusal) throw queryRefused(database, reply.refusal);
  return JSON.parse(reply.lines[0] ?? "{}") as Hello; // the fields of helloSql
}

/**
 * A pooler hands statements to server processes that it opened itself, so a random setting that travels in
 * our start-up packet cannot be seen there (poolers refuse or drop it), or the process changes between
 * statements. psql does not show the protocol's process id, so that cannot be compared with pg_backend_pid().
 */
function checkPooler(
  access: Access,
  database: string,
  seen: { readonly hello: Hello; readonly token: string; readonly first?: Hello },
): void {
  const same = seen.first === undefined || seen.first.pid === seen.hello.pid;
  if (seen.hello.token === seen.token && same) return;
  throw new Failure(
    "postgres.pooler",
    `Cannot back up "${database}" through ${describeServer(access)}: a connection pooler answers there, not the server`,
    { hint: "Connect to the server's own port (usually 5432), past the pooler (often 6432)." },
  );
}
