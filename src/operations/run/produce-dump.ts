import { describeTable, type TableFingerprint } from "../../domain/backups/fingerprint.ts";
import { Failure } from "../../domain/failure.ts";
import type { PostgresJob } from "../../domain/jobs/job.ts";
import { together } from "../../platform/together.ts";
import type { PostgresServer, ReadDump, Snapshot } from "../../postgres/postgres.ts";
import type { Context } from "../context.ts";
import type { Delivery, Share } from "../delivery/delivery.ts";
import type { Passed } from "../delivery/fan-out.ts";
import { demandEqual, hashStream, weakerSource } from "../delivery/read-back.ts";
import { collectReferences } from "../sets/collect-references.ts";
import { contentOf, privateNames, storedName } from "./private-file.ts";
import type { Inspected, Known, Produced, ProducedFile, Producer } from "./produce.ts";
import { readBackProgress } from "./read-back-progress.ts";
import { readDumpFile } from "./read-dump-file.ts";
import { demandSettled } from "./settle.ts";
import { type DumpStream, startDumpStream } from "./stream-dump.ts";
import type { Watch } from "./watch.ts";

interface DumpParts {
  readonly context: Context;
  readonly job: PostgresJob;
  readonly server: PostgresServer;
  readonly database: string;
}

/**
 * One database: locks and snapshot, then dump, roles and database header side by side, all streamed to the
 * destinations; the snapshot is given back before anything is read back.
 */
export function createDumpProducer(parts: DumpParts): Producer {
  const { job, server, database } = parts;
  return {
    kind: "postgres",
    database,
    sourceBytes: () => server.sizeOf(database),
    fileNames: (name) => [...Object.values(namesOf(name, job)), ...privateNames(name, job)],
    produce: (delivery, name, watch) => produceDump(parts, { delivery, name, watch }),
  };
}

function namesOf(name: string, job: PostgresJob) {
  const { format, compress: compression } = job;
  return {
    dump: storedName(name, { kind: "dump", format, compression }, job),
    globals: storedName(name, { kind: "globals" }, job),
    header: storedName(name, { kind: "database" }, job),
  };
}

interface Target {
  readonly delivery: Delivery;
  readonly name: string;
  readonly watch: Watch;
}

async function produceDump(parts: DumpParts, target: Target): Promise<Produced> {
  const { context, job, server, database } = parts;
  const startedMs = context.clock.monotonicMs();
  const limits = { lockWaitMs: job.lockWaitMs, onBlockedDdl: job.onBlockedDdl };
  const snapshot = await server.openSnapshot(database, limits, target.watch.signal);
  try {
    const path = namesOf(target.name, job).dump;
    const stream = await startDumpStream({ context, job, database, snapshot, path, ...target });
    try {
      const taken = await takeFromServer(parts, { snapshot, stream, ...target });
      await snapshot.close();
      const windowMs = Math.round(context.clock.monotonicMs() - startedMs);
      const { file, read } = await stream.stored();
      const files = [file, ...(await writeTexts(parts, taken, target))];
      const { tables } = taken;
      return {
        files,
        windowMs,
        warnings: [...taken.warnings, ...blockedWarnings(snapshot)],
        ...(read !== null && { known: settled(parts, { snapshot, tables }, read) }),
        inspect: (share, watch) => inspect(parts, { snapshot, tables, files, share, watch }),
      };
    } catch (error) {
      await stream.cancel();
      throw error;
    }
  } finally {
    await snapshot.close();
  }
}

function blockedWarnings(snapshot: Snapshot): readonly string[] {
  return snapshot.blockedDdl().map((line) => `waited behind our snapshot: ${line}`);
}

/** What needed the server while the snapshot stood; the dump's own bytes are on their way. */
interface Taken {
  readonly globals: Buffer;
  readonly header: Buffer;
  /** By SQL in the snapshot; null for `fingerprint: stream`. */
  readonly tables: readonly TableFingerprint[] | null;
  readonly warnings: readonly string[];
}

interface Taking {
  readonly snapshot: Snapshot;
  readonly stream: DumpStream;
  readonly name: string;
  readonly watch: Watch;
}

/**
 * The dump, and beside it roles and header. What failed first is told; only then is the rest ended, since
 * what ending it breaks (the header's connection, for one) must not be taken for the cause.
 */
async function takeFromServer(
  { context, server, job, database }: DumpParts,
  { snapshot, stream, name, watch }: Taking,
): Promise<Taken> {
  const [warnings, texts] = await together(
    watch.signal,
    (signal) => {
      signal.addEventListener("abort", () => void stream.cancel(), { once: true });
      return stream.left();
    },
    async (signal) => ({
      globals: await server.dumpGlobals(),
      header: await snapshot.dumpHeader(),
      unchecked: await collectReferences(context, { job, snapshot, database, backup: name, signal }),
    }),
  );
  const tables = job.fingerprint === "independent" ? await snapshot.fingerprintTables() : null;
  const { globals, header, unchecked } = texts;
  return {
    globals: globals.text,
    header: header.text,
    tables,
    warnings: [...warnings, ...globals.warnings, ...header.warnings, ...unchecked],
  };
}

async function writeTexts(
  { job }: DumpParts,
  { globals, header }: Taken,
  { delivery, name }: Target,
): Promise<readonly ProducedFile[]> {
  const names = namesOf(name, job);
  const globalsPassed = await delivery.putFile(names.globals, globals);
  const headerPassed = await delivery.putFile(names.header, header);
  const content = { globals: contentOf(globals), header: contentOf(header) };
  const compression = "none";
  return [
    { path: names.globals, role: "globals", compression, passed: globalsPassed, content: content.globals },
    { path: names.header, role: "database", compression, passed: headerPassed, content: content.header },
  ];
}

interface Evidence {
  readonly snapshot: Snapshot;
  /** By SQL in the snapshot; null for `fingerprint: stream`. */
  readonly tables: readonly TableFingerprint[] | null;
}

/** What a dump that was read to its end says of the database. Throws when it does not settle. */
function settled({ job, database }: DumpParts, { snapshot, tables }: Evidence, read: ReadDump): Known {
  demandSettled(database, snapshot.dumpable, read);
  demandSameTables(database, tables, read);
  const postgres = { ...snapshot.facts, format: job.format, fingerprint: read.fingerprint };
  const set = job.set === null ? {} : { set: { name: job.set, snapshotAt: postgres.snapshot.takenAt } };
  return { postgres, capsule: null, outcome: "complete", warnings: [], ...set };
}

interface Inspection extends Evidence {
  readonly files: readonly ProducedFile[];
  readonly share: Share;
  readonly watch: Watch;
}

async function inspect(parts: DumpParts, inspection: Inspection): Promise<Inspected> {
  const { context, job, database } = parts;
  const { files, share, watch } = inspection;
  const content = new Map<string, Passed>();
  let source: Inspected["source"] = "direct";
  let read: ReadDump | null = null;
  for (const file of files) {
    const opened = await openShared(share, file.path);
    source = weakerSource(source, opened.source);
    const onBytes = readBackProgress(context, { job: job.name, file, watch });
    if (file.role !== "dump") {
      demandEqual(file.path, file.passed, await hashStream(opened.stream, watch.signal, onBytes));
      continue;
    }
    const dumpFile = {
      name: file.path,
      format: job.format,
      compression: file.compression,
      source: job.source,
    };
    const found = await readDumpFile(context.postgres, dumpFile, {
      stored: opened.stream,
      signal: watch.signal,
      onBytes,
    });
    demandEqual(file.path, file.passed, found.stored);
    content.set(file.path, found.content);
    read = found.read;
  }
  if (read === null) throw new Failure("run.internal", `Cannot settle "${database}": no dump was written`);
  return { level: "read", source, content, ...settled(parts, inspection, read) };
}

async function openShared(share: Share, name: string) {
  const branch = share.branches.get(name);
  if (branch) return branch.staged.readBack();
  throw new Failure(
    "run.internal",
    `Cannot read "${name}" back at "${share.destination.name}": it was not written there`,
  );
}

/** For `fingerprint: independent`: what SQL saw in the snapshot and what the dump holds must agree. */
function demandSameTables(
  database: string,
  tables: readonly TableFingerprint[] | null,
  read: ReadDump,
): void {
  const inDump = new Map(read.fingerprint.tables.map((table) => [describeTable(table), table]));
  const different = (tables ?? []).filter((table) => {
    const dumped = inDump.get(describeTable(table));
    return dumped?.rows !== table.rows || dumped.sha256 !== table.sha256;
  });
  if (different.length === 0) return;
  const names = different.map(describeTable).join(", ");
  throw new Failure(
    "postgres.fingerprint-mismatch",
    `Cannot accept the dump of "${database}": other rows than the snapshot holds in ${names}`,
    {
      hint: "Do not trust this dump. Check the server's storage (pg_amcheck) and run the job again.",
    },
  );
}
