import { Failure } from "../../domain/failure.ts";
import { underDeadline } from "../deadline.ts";
import { escapeLoose } from "../loose-text.ts";
import type { RestoreReport, RestoreRequest } from "../postgres.ts";
import type { ServerContext } from "../server.ts";
import type { Session } from "../session/session.ts";
import { quoteName } from "../sql/literal.ts";
import { terminateBackends } from "../terminate.ts";
import { createAbsentRoles } from "./absent-roles.ts";
import { type DatabaseHeader, plainCreate, readHeader } from "./database-header.ts";
import { withHint } from "./drop-restored.ts";
import { dropDatabase, onMaintenance, refused } from "./maintenance.ts";
import { demandFit, restoreArchive } from "./restore-archive.ts";
import { planRoles } from "./roles.ts";
import { runScript } from "./run-script.ts";
import { sendDump } from "./send-dump.ts";
import { firstWords } from "./statements.ts";

const duplicateDatabase = "42P04";
const dropDeadlineMs = 60_000;

/**
 * Restores into a database of its own. The empty database is made first; then roles that are missing; then
 * the dump in one transaction that ends well only when every byte was right; then the database's own comment,
 * settings, owner and grants (last, because a setting like read-only would be in the way of the rows). Whatever
 * fails after CREATE DATABASE, the database is dropped again.
 */
export async function restoreDump(context: ServerContext, request: RestoreRequest): Promise<RestoreReport> {
  const { database, withoutOwners, signal } = request;
  signal.throwIfAborted();
  if (request.archive) demandFit(context);
  const header: DatabaseHeader =
    request.header === null
      ? { create: null, properties: [] }
      : readHeader(request.header, { database, withoutOwners, roleMap: request.roleMap });
  await createDatabase(context, request, header.create ?? plainCreate(database));
  try {
    const roles = await createMissingRoles(context, request);
    const absentRoles = withoutOwners ? createAbsentRoles(await rolesThere(context, signal)) : undefined;
    const { archive } = request;
    const sent = await (archive
      ? restoreArchive(context, { ...request, archive })
      : sendDump(context, absentRoles ? { ...request, absentRoles } : request));
    const statements = header.properties.filter((one) => absentRoles?.leavesOutStatement(one) !== true);
    const script = { script: request.header, statements, database, signal };
    await runScript(context, script, (session, fitted) => runAll(session, fitted, database));
    const leftOut = absentRoles?.warnings ?? [];
    const warnings = [...roles.leftAlone.map(escapeLoose), ...leftOut, ...sent.warnings];
    return { ...sent, createdRoles: roles.created.map(escapeLoose), warnings };
  } catch (error) {
    throw await dropHalfMade(context, database, error);
  }
}

async function createMissingRoles(context: ServerContext, request: RestoreRequest) {
  const { globals, database, signal } = request;
  if (globals === null || request.roles === "none") return { created: [], leftAlone: [] };
  const plan = planRoles(globals, await rolesThere(context, signal), request.roleMap);
  if (plan.statements.length === 0) return plan;
  const script = { script: globals, statements: plan.statements, database, signal };
  await runScript(context, script, async (session, statements) => {
    await session.execute("BEGIN");
    await runAll(session, statements, database);
    await session.execute("COMMIT");
  });
  return plan;
}

/** As loose text. */
async function rolesThere(context: ServerContext, signal: AbortSignal): Promise<ReadonlySet<string>> {
  const rows = await onMaintenance(context, signal, (session) =>
    session.rawRows<{ readonly name: string }>("SELECT rolname AS name FROM pg_roles"),
  );
  return new Set(rows.map((row) => row.name));
}

async function runAll(session: Session, statements: readonly string[], database: string): Promise<void> {
  for (const statement of statements) {
    const refusal = await session.attempt(statement);
    if (refusal)
      throw refused(`Cannot restore into "${database}": "${firstWords(statement)}" failed`, refusal);
  }
}

async function createDatabase(context: ServerContext, request: RestoreRequest, sql: string): Promise<void> {
  const refusal = await onMaintenance(context, request.signal, (session) => session.attempt(sql));
  if (refusal === null) return;
  if (refusal.sqlstate !== duplicateDatabase) {
    throw refused(`Cannot create database "${request.database}"`, refusal);
  }
  throw new Failure(
    "postgres.restore-refused",
    `Cannot restore into "${request.database}": it exists already`,
    {
      hint: "Choose the name of a database that does not exist.",
    },
  );
}

/** A clean-up error never replaces the first one: the hint then says what is left, too. */
async function dropHalfMade(context: ServerContext, database: string, error: unknown): Promise<unknown> {
  const { access } = context;
  try {
    await terminateBackends(access, { database: context.database, purposes: ["restore"] });
    await underDeadline(access.deps.clock, dropDeadlineMs, (signal) =>
      dropDatabase(context, database, signal),
    );
    return error;
  } catch (dropError) {
    access.deps.log.error(
      { database, error: String(dropError) },
      "the half-made database could not be dropped",
    );
    if (!(error instanceof Failure)) return error;
    const left = `Drop what is left of it: DROP DATABASE ${quoteName(database)};`;
    return withHint(error, error.hint === null ? left : `${error.hint} ${left}`);
  }
}
