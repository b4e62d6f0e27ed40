import { Failure, type FailureDetails } from "../../domain/failure.ts";
import type { FailureCode } from "../../domain/failure-table.ts";
import { type ChildEnd, succeeded } from "../../platform/child.ts";
import { type Access, conninfoOf, describeServer } from "../access.ts";
import { type Finished, finish, lastWords } from "../reach/finished.ts";
import { clientMissing } from "../reach/reach.ts";

export interface FailedLogin {
  readonly database: string;
  readonly signal: AbortSignal;
}

/**
 * Why a login failed. psql prints no SQLSTATE for a failed connection, and the server writes its reason in its
 * own language (lc_messages of the server, whatever our LC_ALL says). So facts come first: how the transport
 * ended, what pg_isready's exit status says (it looks at the SQLSTATE), whether the same login works on another
 * database and what pg_database says there. Only what is left is told apart by (English) words.
 */
export async function explainConnectFailure(
  access: Access,
  login: FailedLogin,
  end: ChildEnd,
): Promise<Failure> {
  const seen = serverWords(end);
  const broken = transportFailure(access, end);
  if (broken) return broken;
  const ready = await pgIsReady(access, login);
  const server = describeServer(access);
  if (ready === "silent") {
    return new Failure("postgres.unreachable", `Cannot reach PostgreSQL at ${server}: ${seen}`, {
      hint: "Check that the server runs, and the host, port or socket directory.",
    });
  }
  if (ready === "refusing") return startingUp(server, seen);
  const elsewhere = await askElsewhere(access, login);
  if (elsewhere) return aboutDatabase(login.database, elsewhere, seen);
  return byWords(login.database, server, seen);
}

/** The server's or libpq's own words, without psql's "connection to server at … failed:". */
function serverWords(end: ChildEnd): string {
  return lastWords(end).replace(/^.*?psql: error: (connection to server .*? failed: )?/, "");
}

function transportFailure(access: Access, end: ChildEnd): Failure | null {
  const { kind, place } = access.reach;
  if (kind === "local" || end.kind === "signalled") return null;
  if (end.code === 126 || end.code === 127) {
    return clientMissing(`${access.programs}psql`, place, lastWords(end));
  }
  if (kind !== "ssh" || end.code !== 255) return null;
  return new Failure("postgres.transport", `Cannot log in to ${place} by ssh: ${lastWords(end)}`, {
    hint: "Check that ssh works without a question for the user that runs codex-backup.",
  });
}

type Readiness = "accepting" | "refusing" | "silent" | "unknown";

async function pgIsReady(access: Access, login: FailedLogin): Promise<Readiness> {
  const dbname = conninfoOf(access, { ...login, purpose: "login", settings: {} });
  const run = await runClient(access, login.signal, {
    program: "pg_isready",
    args: [`--dbname=${dbname}`, "--timeout=10"],
  });
  // Without a line of its own it was the container engine or ssh that ended, and the status is theirs.
  if (run.end.kind !== "exited" || run.stdout.length === 0) return "unknown";
  const known: readonly Readiness[] = ["accepting", "refusing", "silent"];
  return known[run.end.code] ?? "unknown";
}

function startingUp(server: string, seen: string): Failure {
  return new Failure("postgres.starting-up", `Cannot log in to PostgreSQL at ${server} yet: ${seen}`, {
    hint: "Wait until the server accepts connections.",
  });
}

interface DatabaseRow {
  readonly exists: boolean;
  readonly allowsConnections: boolean;
  readonly mayConnect: boolean;
}

/** What the catalog says of the database, read by the same login from a database that every cluster has. */
async function askElsewhere(access: Access, login: FailedLogin): Promise<DatabaseRow | null> {
  for (const database of ["postgres", "template1"].filter((name) => name !== login.database)) {
    const dbname = conninfoOf(access, { database, purpose: "login", settings: {} });
    const literal = `'${login.database.replaceAll("'", "''")}'`;
    const sql = `SELECT pg_catalog.json_build_object('exists', count(*) > 0,
      'allowsConnections', coalesce(bool_or(datallowconn), false),
      'mayConnect', coalesce(bool_or(pg_catalog.has_database_privilege(oid, 'CONNECT')), false))
      FROM pg_catalog.pg_database WHERE datname = ${literal}`;
    const args = ["-X", "-q", "-A", "-t", "-w", `--dbname=${dbname}`, `--command=${sql}`];
    const run = await runClient(access, login.signal, { program: "psql", args });
    // The fields are those of the SQL above.
    if (succeeded(run.end)) return JSON.parse(run.stdout.toString("utf8")) as DatabaseRow;
  }
  return null;
}

function aboutDatabase(database: string, row: DatabaseRow, seen: string): Failure {
  if (!row.exists) {
    return new Failure(
      "postgres.database-missing",
      `Cannot log in to "${database}": there is no such database`,
      {
        hint: "Correct postgres.database, or create the database.",
      },
    );
  }
  const hint = !row.allowsConnections
    ? "Leave the database out: it allows no connections."
    : row.mayConnect
      ? "Check pg_hba.conf and the connection limits of the database and of the role."
      : "Grant it: GRANT CONNECT ON DATABASE … TO …";
  return new Failure("postgres.login", `Cannot log in to "${database}": ${seen}`, { hint });
}

const byWording: readonly (readonly [RegExp, FailureCode, string])[] = [
  [/unsupported startup parameter|pgbouncer|pooler/i, "postgres.pooler", "Connect past the pooler."],
  [
    /too many (clients|connections)|remaining connection slots/i,
    "postgres.too-many-connections",
    "Raise max_connections, or end idle connections.",
  ],
  [/starting up|shutting down|recovery mode/i, "postgres.starting-up", "Wait until the server is up."],
  [/invalid (connection option|.* value)/i, "postgres.login", "Correct the connection's parameters."],
  [/database .* does not exist/i, "postgres.database-missing", "Correct postgres.database."],
];

function byWords(database: string, server: string, seen: string): Failure {
  const found = byWording.find(([words]) => words.test(seen));
  const [, code, hint] = found ?? [null, "postgres.login" as const, "Check user, password and pg_hba.conf."];
  const details: FailureDetails = { hint, context: { database } };
  return new Failure(code, `Cannot log in to "${database}" at ${server}: ${seen}`, details);
}

/** Runs one of the client programs to its end. */
async function runClient(
  access: Access,
  signal: AbortSignal,
  call: { readonly program: string; readonly args: readonly string[] },
): Promise<Finished> {
  const program = `${access.programs}${call.program}`;
  const child = await access.reach.start({ program, args: call.args, stdout: "pipe", login: true });
  return finish(child, signal);
}
