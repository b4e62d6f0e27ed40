import type { PostgresFacts } from "../../domain/backups/manifest.ts";
import { conninfoOf } from "../access.ts";
import { loadsEnumHashViaRoot } from "../client/version.ts";
import { dumpArgs } from "../dump/arguments.ts";
import { startDump } from "../dump/running-dump.ts";
import { dumpHeader } from "../dump/text-dumps.ts";
import { labelPrefix } from "../label.ts";
import { outputPins } from "../pins.ts";
import type { DumpableTable, DumpLimits, Snapshot } from "../postgres.ts";
import type { ServerContext } from "../server.ts";
import { logIn } from "../session/login.ts";
import type { Session } from "../session/session.ts";
import { shownTables, type TableRow } from "../sql/dumpable-tables.ts";
import { fingerprintTables } from "./fingerprint-tables.ts";
import { gatherFacts } from "./gather-facts.ts";
import { checkPrivileges } from "./privileges.ts";
import { readTexts } from "./read-texts.ts";
import { type TakenSnapshot, takeSnapshot } from "./take-snapshot.ts";
import { startWatcher, type Watcher } from "./watcher.ts";

export interface SnapshotRequest {
  readonly database: string;
  readonly limits: DumpLimits;
  readonly signal: AbortSignal;
}

/** See PostgresServer.openSnapshot. */
export async function openSnapshot(context: ServerContext, request: SnapshotRequest): Promise<Snapshot> {
  const { access } = context;
  const { database, limits, signal } = request;
  const lockTimeoutMs = limits.lockWaitMs;
  const holder = await logIn(access, { database, purpose: "lock", lockTimeoutMs, signal });
  let eye: Session | null = null;
  try {
    const serverVersionNum = context.facts.versionNum;
    await checkPrivileges({ session: holder, database, role: context.role, serverVersionNum });
    const { clock, log } = access.deps;
    const taken = await takeSnapshot({ session: holder, database, lockWaitMs: lockTimeoutMs, clock, log });
    const facts = await gatherFacts(holder, context.facts, taken);
    const openEye = () => logIn(access, { database, purpose: "watch", signal });
    eye = await openEye();
    const { onBlockedDdl } = limits;
    const sight = { labelPrefix: labelPrefix(access.label), holder, eye, openEye };
    const watcher = startWatcher({ database, ...sight, onBlockedDdl, clock, log });
    return snapshotOf(context, request, { holder, watcher, taken, facts });
  } catch (error) {
    await eye?.close();
    await holder.close();
    throw error;
  }
}

interface OpenParts {
  readonly holder: Session;
  readonly watcher: Watcher;
  readonly taken: TakenSnapshot;
  readonly facts: Omit<PostgresFacts, "format" | "fingerprint">;
}

function snapshotOf(context: ServerContext, request: SnapshotRequest, parts: OpenParts): Snapshot {
  const { access, client } = context;
  const { database, limits, signal } = request;
  const { taken, watcher } = parts;
  const { lockWaitMs } = limits;
  // With a superuser's login the server can be asked for English messages, which pg_dump only passes on.
  const english: Readonly<Record<string, string>> = context.facts.isSuperuser ? { lc_messages: "C" } : {};
  const settings = { ...outputPins, ...english };
  const viaRoot = loadsEnumHashViaRoot(client);
  const encoding = parts.facts.encoding;
  const order = { dbname: conninfoOf(access, { database, purpose: "dump", settings }), lockWaitMs, encoding };
  const reading = { database, snapshot: taken.name, encoding, viaRoot, tables: taken.tables };
  let closed: Promise<void> | null = null;
  return {
    database,
    name: taken.name,
    takenAt: taken.takenAt,
    facts: parts.facts,
    dumpable: dumpableOf(shownTables(taken.tables, encoding), viaRoot),
    dumpHeader: () => dumpHeader(access, { database, snapshot: taken.name, lockWaitMs, encoding, signal }),
    startDump(format) {
      const args = dumpArgs({ ...order, snapshot: taken.name }, format);
      return startDump(access, { args, database, signal });
    },
    fingerprintTables: () =>
      whileUnbroken(watcher, signal, (own) => fingerprintTables(access, { ...reading, signal: own })),
    texts: (query, own) =>
      readTexts(access, { ...query, database, snapshot: taken.name, encoding, signal: own }),
    blockedDdl: () => watcher.blockedDdl(),
    broken: watcher.broken,
    close() {
      closed ??= closeParts(parts);
      return closed;
    },
  };
}

/** A second reader can queue behind waiting DDL just as pg_dump can, and would wait for ever. */
async function whileUnbroken<T>(
  watcher: Watcher,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const broken = new AbortController();
  watcher.broken.catch((reason: unknown) => broken.abort(reason));
  return work(AbortSignal.any([signal, broken.signal]));
}

async function closeParts(parts: OpenParts): Promise<void> {
  await parts.watcher.stop();
  await parts.holder.close();
}

/** COPY targets: a hash partition on an enum appears under its root's name where pg_dump loads it that way. */
function dumpableOf(tables: readonly TableRow[], viaRoot: boolean): readonly DumpableTable[] {
  const named = new Map<string, DumpableTable>();
  for (const table of tables.filter((one) => one.hasRows)) {
    const root = viaRoot && table.rootSchema !== null && table.rootName !== null;
    const target = root
      ? { schema: table.rootSchema, name: table.rootName, loadsViaRoot: true }
      : { schema: table.schema, name: table.name, loadsViaRoot: false };
    named.set(JSON.stringify([target.schema, target.name]), target);
  }
  return [...named.values()];
}
