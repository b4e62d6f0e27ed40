import { Failure } from "../domain/failure.ts";
import type { PostgresSource } from "../domain/jobs/source.ts";
import { sleep } from "../platform/clock.ts";
import type { Access, PostgresDeps } from "./access.ts";
import { chooseClient, listClients } from "./client/choose-client.ts";
import type { ClientDirectory } from "./client/directories.ts";
import { majorOf } from "./client/version.ts";
import type { ConnectOptions, PostgresServer, ServerFacts } from "./postgres.ts";
import { openReach, type Reach } from "./reach/reach.ts";
import { createServer, type ServerContext } from "./server.ts";
import { logIn } from "./session/login.ts";
import type { Session } from "./session/session.ts";

/** A server that was just started gets so many tries, this far apart. */
const startingTries = 10;
const startingPauseMs = 2000;

interface FirstLogin {
  readonly access: Access;
  readonly facts: Omit<ServerFacts, "clientVersion">;
  readonly role: string;
  readonly encoding: string;
}

/** See Postgres.connect. */
export async function connectServer(
  deps: PostgresDeps,
  source: PostgresSource,
  request: ConnectOptions & { readonly database: string },
): Promise<PostgresServer> {
  return createServer(await reachServer(deps, source, request));
}

/** The same for those in this room. Close it by closeReach. */
export async function reachServer(
  deps: PostgresDeps,
  source: PostgresSource,
  request: ConnectOptions & { readonly database: string },
): Promise<ServerContext> {
  const { signal, label, database } = request;
  signal.throwIfAborted();
  const reach = await openReach(source, deps.env, signal);
  try {
    const directories = await listClients(reach, source.clientDirectory, signal);
    const login = await anyLogin({ deps, reach, source, label }, directories, request);
    const server = { database, major: majorOf(login.facts.versionNum), text: login.facts.version };
    const client = await chooseClient(reach, { directories, server }, signal);
    return {
      access: { ...login.access, programs: client.directory },
      facts: { ...login.facts, clientVersion: client.version.text },
      role: login.role,
      encoding: login.encoding,
      client: client.version,
      database,
      signal,
    };
  } catch (error) {
    await closeReach(reach, deps);
    throw error;
  }
}

/** Removes the password file; a far side that is gone is only worth a warning. */
export async function closeReach(reach: Reach, deps: PostgresDeps): Promise<void> {
  try {
    await reach.close();
  } catch (error) {
    deps.log.warn({ error: String(error), place: reach.place }, "the password file could not be removed");
  }
}

/**
 * Any psql can ask for the version. A directory may be there without programs (an extension's library alone
 * makes /usr/lib/postgresql/16), so the next one is tried.
 */
async function anyLogin(
  access: Omit<Access, "programs">,
  directories: readonly ClientDirectory[],
  request: ConnectOptions & { readonly database: string },
): Promise<FirstLogin> {
  let missing: unknown = null;
  for (const directory of directories) {
    try {
      return await firstLogin({ ...access, programs: directory.path }, request);
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== "postgres.client-missing") throw error;
      missing ??= error;
    }
  }
  throw missing;
}

async function firstLogin(
  access: Access,
  request: ConnectOptions & { readonly database: string },
): Promise<FirstLogin> {
  for (let attempt = 1; ; attempt++) {
    try {
      const session = await logIn(access, { ...request, purpose: "login" });
      try {
        return { access, ...(await askServer(session)) };
      } finally {
        await session.close();
      }
    } catch (error) {
      const isStarting = error instanceof Failure && error.code === "postgres.starting-up";
      if (!isStarting || attempt === startingTries) throw error;
      access.deps.log.info({ attempt }, "the server is starting up; trying again");
      await sleep(access.deps.clock, startingPauseMs, request.signal);
    }
  }
}

type ServerRow = Omit<ServerFacts, "clientVersion" | "systemIdentifier"> & { readonly role: string };

async function askServer(session: Session): Promise<Omit<FirstLogin, "access">> {
  const [row] = await session.rows<ServerRow>(`SELECT current_setting('server_version') AS version,
    current_setting('server_version_num')::int AS "versionNum", pg_is_in_recovery() AS "inRecovery",
    coalesce((SELECT rolsuper FROM pg_roles WHERE rolname = current_user), false) AS "isSuperuser",
    current_user AS role`);
  if (!row) throw new Failure("postgres.query", "Cannot ask the server for its version: it returned no row");
  const { role, ...facts } = row;
  // "15.20 (Debian 15.20-0+deb12u1)": what follows the number is the packager's.
  const version = facts.version.split(" ")[0] ?? facts.version;
  const systemIdentifier = await askIdentity(session);
  return { facts: { ...facts, version, systemIdentifier }, role, encoding: session.encoding };
}

/** Some providers keep pg_control_system() from everybody; "" then. */
async function askIdentity(session: Session): Promise<string> {
  const allowed = await session.rows<{ readonly ok: boolean }>(
    "SELECT has_function_privilege('pg_control_system()', 'EXECUTE') AS ok",
  );
  if (!allowed[0]?.ok) return "";
  const [row] = await session.rows<{ readonly id: string }>(
    "SELECT system_identifier::text AS id FROM pg_control_system()",
  );
  return row?.id ?? "";
}
