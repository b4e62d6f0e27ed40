import { describeTable } from "../../domain/backups/fingerprint.ts";
import type { PostgresFacts } from "../../domain/backups/manifest.ts";
import { Failure } from "../../domain/failure.ts";
import { majorOf } from "../client/version.ts";
import type { ProofDump, Unproven } from "../postgres.ts";
import { type DatabaseHeader, readHeader } from "../restore/database-header.ts";
import { dropDatabase, onMaintenance, refused } from "../restore/maintenance.ts";
import { runScript } from "../restore/run-script.ts";
import { type DumpToSend, type SentDump, sendDump } from "../restore/send-dump.ts";
import type { Session } from "../session/session.ts";
import { applyAll } from "./apply-all.ts";
import { createFromFacts, describeLocale, isLocaleRefusal, nearestCreates } from "./create-statement.ts";
import { namedRoles } from "./named-roles.ts";
import { isForDirect, restoreDirectly } from "./restore-directly.ts";
import type { RestoreNeeds, ThrowawayHost } from "./throwaway-host.ts";

export interface ProofRestore {
  readonly facts: PostgresFacts;
  readonly globals: Buffer | null;
  readonly header: Buffer | null;
  readonly dump: ProofDump;
  readonly signal: AbortSignal;
}

export interface ProofRestored extends SentDump {
  readonly unproven: readonly Unproven[];
}

/**
 * Globals first, then the database by its header, then the dump in one transaction, then the database's own settings,
 * owner and grants. Any ERROR of any of them is thrown, and that the dump has another hash or no trailer.
 */
export async function restoreForProof(host: ThrowawayHost, order: ProofRestore): Promise<ProofRestored> {
  const { context, database } = host;
  const { signal, facts } = order;
  const unproven = [...(await host.prepare(await needsOf(host, order)))];
  const header: DatabaseHeader =
    order.header === null
      ? { create: null, properties: [] }
      : readHeader(order.header, { database, withoutOwners: false });
  const wanted = header.create ?? createFromFacts(database, facts, majorOf(context.facts.versionNum));
  const create = () =>
    onMaintenance(context, signal, (session) => createNearest(session, { host, facts, wanted }));
  const compromise = await create();
  if (compromise !== null) unproven.push(compromise);
  const { warnings, encoding } = await restoreFastest(host, order, create);
  const script = { script: order.header, statements: header.properties, database, signal };
  await runScript(context, script, (session, statements) => applyAll(session, statements, `"${database}"`));
  return { warnings: warnings.filter((warning) => !ofOurSettings.test(warning)), encoding, unproven };
}

/** A dump without globals still names roles; who made it may have known them, or nobody wrote them down. */
async function needsOf({ context, database }: ThrowawayHost, order: ProofRestore): Promise<RestoreNeeds> {
  const { globals, facts, dump, signal } = order;
  if (globals !== null) return { globals, roles: facts.roles, superusers: [] };
  const named = await namedRoles(context.access, { dump, database, signal });
  return { globals, roles: [...new Set([...facts.roles, ...named.roles])], superusers: named.superusers };
}

/** Where pg_restore by itself does not get through, the database is made anew, and told among the warnings. */
async function restoreFastest(
  host: ThrowawayHost,
  order: ProofRestore,
  create: () => Promise<unknown>,
): Promise<SentDump> {
  const { context, database } = host;
  const { dump, signal, facts } = order;
  const send = { ...dump, database, withoutOwners: false, signal };
  if (!isForDirect(host, dump)) return sendInOneTransaction(host, order, send);
  const direct = await restoreDirectly(context, { database, dump, signal });
  // An archive's text is in the encoding of its database: that is how dumps are made, and adopted ones are read.
  if (direct.isDone) return { warnings: direct.warnings, encoding: facts.encoding };
  context.access.deps.log.info({ database, error: direct.seen }, "restoring once more, through psql");
  await dropDatabase(context, database, signal);
  await create();
  const sent = await sendInOneTransaction(host, order, send);
  const warnings = [...sent.warnings, `Restored through psql: pg_restore by itself failed: ${direct.seen}`];
  return { ...sent, warnings };
}

/**
 * Where the locks of a whole dump exhaust a server that is not ours to configure, nothing of it was kept, and it is
 * sent once more with a transaction for each table. Told among the warnings.
 */
async function sendInOneTransaction(
  host: ThrowawayHost,
  { facts }: ProofRestore,
  send: DumpToSend,
): Promise<SentDump> {
  try {
    return await sendDump(host.context, send);
  } catch (error) {
    if (!(error instanceof Failure) || error.context.sqlstate !== outOfSharedMemory) throw error;
    host.context.access.deps.log.info({ database: host.database }, "restoring once more, table by table");
  }
  const blocks = new Map(facts.fingerprint.tables.map((table) => [describeTable(table), table.blocks]));
  const perTable = (schema: string, name: string) => blocks.get(describeTable({ schema, name })) === 1;
  const sent = await sendDump(host.context, { ...send, perTable });
  const warnings = [
    ...sent.warnings,
    "Restored table by table: the server's locks do not suffice for one transaction",
  ];
  return { ...sent, warnings };
}

const outOfSharedMemory = "53200";

/** Publications are said to be of no use on a server that writes so little log as a throwaway one. */
const ofOurSettings = /^"?wal_level"? is insufficient to publish logical changes/; // quoted since 17

interface DatabaseOrder {
  readonly host: ThrowawayHost;
  readonly facts: PostgresFacts;
  /** CREATE DATABASE. */
  readonly wanted: string;
}

/** Null when the database is as its source was. */
async function createNearest(
  session: Session,
  { host, facts, wanted }: DatabaseOrder,
): Promise<Unproven | null> {
  const first = await session.attempt(wanted);
  if (first === null) return null;
  if (!isLocaleRefusal(first)) throw refused("Cannot create the database for the proof", first);
  for (const statement of nearestCreates(host.database, facts.encoding)) {
    if ((await session.attempt(statement)) !== null) continue;
    const reason = `${first.message}; it was restored with text in the order of its bytes`;
    return { object: describeLocale(facts), reason };
  }
  throw refused("Cannot create the database for the proof", first);
}
