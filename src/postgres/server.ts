import { Failure } from "../domain/failure.ts";
import type { Access } from "./access.ts";
import type { ClientVersion } from "./client/version.ts";
import { closeReach } from "./connect.ts";
import { dumpGlobals } from "./dump/text-dumps.ts";
import { showDatabase } from "./encodings.ts";
import { examineDatabase } from "./examine-database.ts";
import type { PostgresServer, ServerFacts } from "./postgres.ts";
import { createRestorer } from "./restore/create-restorer.ts";
import { logIn } from "./session/login.ts";
import type { Session } from "./session/session.ts";
import { openSnapshot } from "./snapshot/open-snapshot.ts";
import { quoteLiteral } from "./sql/literal.ts";
import { terminateBackends } from "./terminate.ts";

/** A server that was logged in to, with the client that fits it. */
export interface ServerContext {
  readonly access: Access;
  readonly facts: ServerFacts;
  /** The role that we are there. */
  readonly role: string;
  readonly client: ClientVersion;
  /** The database named to connect(); where cluster-wide questions are asked. */
  readonly database: string;
  /** Of that database. */
  readonly encoding: string;
  readonly signal: AbortSignal;
}

/** Opens nothing by itself: each call makes and ends its own session. */
export function createServer(context: ServerContext): PostgresServer {
  const { access, facts, database, signal } = context;
  return {
    facts,
    restore: createRestorer(context),
    listDatabases: () => withSession(context, listDatabases),
    examine: (name) => examineDatabase(context, name),
    sizeOf: (name) => withSession(context, (session) => sizeOf(session, name)),
    dumpGlobals: () => dumpGlobals(access, { database, isSuperuser: facts.isSuperuser, signal }),
    openSnapshot: (name, limits, own) => openSnapshot(context, { database: name, limits, signal: own }),
    terminateOurs: () => terminateBackends(access, { database, purposes: null }),
    close: () => closeReach(access.reach, access.deps),
  };
}

/** A login for one question. */
async function withSession<T>(context: ServerContext, ask: (session: Session) => Promise<T>): Promise<T> {
  const { access, database, signal } = context;
  const session = await logIn(access, { database, purpose: "query", signal });
  try {
    return await ask(session);
  } finally {
    await session.close();
  }
}

async function listDatabases(session: Session): Promise<readonly string[]> {
  const rows = await session.rawRows<{ readonly name: string }>(
    "SELECT datname AS name FROM pg_database WHERE datallowconn AND NOT datistemplate",
  );
  return rows.map((row) => showDatabase(row.name)).sort();
}

async function sizeOf(session: Session, database: string): Promise<number> {
  const [row] = await session.rows<{ readonly size: string }>(
    `SELECT pg_database_size(oid)::text AS size FROM pg_database WHERE datname = ${quoteLiteral(database)}`,
  );
  if (row) return Number(row.size);
  throw new Failure("postgres.database-missing", `Cannot measure "${database}": there is no such database`, {
    hint: "Correct postgres.database, or create the database.",
  });
}
