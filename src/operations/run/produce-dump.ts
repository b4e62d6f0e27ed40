import { pipeline } from "node:stream/promises";
import { formatBackupFile } from "../../domain/backup-file.ts";
import { Failure } from "../../domain/failure.ts";
import { describeTable, type TableFingerprint } from "../../domain/fingerprint.ts";
import type { PostgresJob } from "../../domain/job.ts";
import { type Compressed, compress } from "../../platform/compression.ts";
import { together } from "../../platform/together.ts";
import type { PostgresServer, ReadDump, RunningDump, Snapshot } from "../../postgres/postgres.ts";
import type { Context } from "../context.ts";
import type { Delivery, Share } from "../delivery/delivery.ts";
import type { Passed } from "../delivery/fan-out.ts";
import { demandEqual, hashStream, weakerSource } from "../delivery/read-back.ts";
import type { Inspected, Produced, ProducedFile, Producer } from "./produce.ts";
import { readDumpFile } from "./read-dump-file.ts";
import { demandSettled } from "./settle.ts";
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
    fileNames: (name) => Object.values(namesOf(name, job)),
    produce: (delivery, name, watch) => produceDump(parts, { delivery, name, watch }),
  };
}

function namesOf(name: string, { format, compress: compression }: PostgresJob) {
  return {
    dump: formatBackupFile(name, { kind: "dump", format, compression }),
    globals: formatBackupFile(name, { kind: "globals" }),
    header: formatBackupFile(name, { kind: "database" }),
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
    const [dump, texts] = await dumpAll(parts, snapshot, target);
    const tables = job.fingerprint === "independent" ? await snapshot.fingerprintTables() : null;
    await snapshot.close();
    const windowMs = Math.round(context.clock.monotonicMs() - startedMs);
    return {
      files: [dump.file, ...texts.files],
      windowMs,
      warnings: [...dump.warnings, ...texts.warnings, ...blockedWarnings(snapshot)],
      inspect: (share, watch) =>
        inspect(parts, { snapshot, tables, files: [dump.file, ...texts.files], share, watch }),
    };
  } finally {
    await snapshot.close();
  }
}

function blockedWarnings(snapshot: Snapshot): readonly string[] {
  return snapshot.blockedDdl().map((line) => `waited behind our snapshot: ${line}`);
}

interface Dumped {
  readonly file: ProducedFile;
  readonly warnings: readonly string[];
}

/**
 * The dump, and beside it roles and header. What failed first is told at once, and only then is the rest
 * ended: what ending it breaks (the header's connection, for one) must not be taken for the cause.
 */
async function dumpAll(parts: DumpParts, snapshot: Snapshot, target: Target) {
  const dump = await snapshot.startDump(parts.job.format);
  try {
    return await together(
      target.watch.signal,
      (signal) => streamDump(parts, { ...target, snapshot, dump, signal }),
      () => writeTexts(parts, snapshot, target),
    );
  } catch (error) {
    await dump.cancel();
    throw error;
  }
}

interface DumpStream extends Target {
  readonly snapshot: Snapshot;
  readonly dump: RunningDump;
  readonly signal: AbortSignal;
}

async function streamDump(
  { context, job, database }: DumpParts,
  { snapshot, dump, delivery, name, watch, signal }: DumpStream,
): Promise<Dumped> {
  const path = namesOf(name, job).dump;
  const onBytes = (doneBytes: number) => {
    watch.touch();
    context.onProgress({ job: job.name, step: "dump", doneBytes, totalBytes: null, current: database });
  };
  let compressed: Compressed | null = null;
  try {
    compressed = await compress(job.compress, dump.stream, context.childEnv);
    const fan = await delivery.openFile(path, onBytes);
    await Promise.race([snapshot.broken, pipeline(compressed.stream, fan.sink, { signal })]);
    // Upstream first: a dump that died explains a compressor that saw too little.
    const warnings = await dump.finish();
    await compressed.finish();
    return { file: { path, role: "dump", compression: job.compress, passed: fan.passed() }, warnings };
  } catch (error) {
    compressed?.cancel();
    throw signal.aborted ? signal.reason : error;
  }
}

async function writeTexts(
  { server, job }: DumpParts,
  snapshot: Snapshot,
  { delivery, name }: Target,
): Promise<{ readonly files: readonly ProducedFile[]; readonly warnings: readonly string[] }> {
  const globals = await server.dumpGlobals();
  const header = await snapshot.dumpHeader();
  const names = namesOf(name, job);
  const globalsPassed = await delivery.putFile(names.globals, globals.text);
  const headerPassed = await delivery.putFile(names.header, header.text);
  return {
    files: [
      { path: names.globals, role: "globals", compression: "none", passed: globalsPassed },
      { path: names.header, role: "database", compression: "none", passed: headerPassed },
    ],
    warnings: [...globals.warnings, ...header.warnings],
  };
}

interface Inspection {
  readonly snapshot: Snapshot;
  /** By SQL in the snapshot; null for `fingerprint: stream`. */
  readonly tables: readonly TableFingerprint[] | null;
  readonly files: readonly ProducedFile[];
  readonly share: Share;
  readonly watch: Watch;
}

async function inspect(parts: DumpParts, inspection: Inspection): Promise<Inspected> {
  const { context, job, database } = parts;
  const { snapshot, tables, files, share, watch } = inspection;
  const content = new Map<string, Passed>();
  let source: Inspected["source"] = "direct";
  let read: ReadDump | null = null;
  for (const file of files) {
    const opened = await openShared(share, file.path);
    source = weakerSource(source, opened.source);
    const onBytes = (doneBytes: number) => {
      watch.touch();
      context.onProgress({
        job: job.name,
        step: "read back",
        doneBytes,
        totalBytes: file.passed.sizeBytes,
        current: file.path,
      });
    };
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
  demandSettled(database, snapshot.dumpable, read);
  demandSameTables(database, tables, read);
  const postgres = { ...snapshot.facts, format: job.format, fingerprint: read.fingerprint };
  return { level: "read", source, content, postgres, capsule: null, outcome: "complete", warnings: [] };
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
