import { createHash } from "node:crypto";
import type { Fingerprint } from "../../domain/backups/fingerprint.ts";
import { Failure, messageOf } from "../../domain/failure.ts";
import { compareDumps } from "../../domain/proofs/compare-dumps.ts";
import { otherWording } from "../../domain/proofs/other-wording.ts";
import type { ProofReceipt } from "../../domain/proofs/proof-receipt.ts";
import type { Throwaway } from "../../postgres/postgres.ts";
import type { Context } from "../context.ts";
import { proofsPath } from "../proofs-path.ts";
import { type DumpSource, dumpOfBackup } from "../restore/dump-source.ts";
import { inRecordedOrder } from "../restore/in-recorded-order.ts";
import { type Findings, nothingCompared } from "./findings.ts";
import type { OpenedBackup } from "./opened-backup.ts";
import { readAdopted } from "./read-adopted.ts";
import type { Recorded } from "./recorded.ts";
import { demandSpace, type SpaceNeed, serverBytes, withinSpace } from "./space.ts";

/** Restores a dump into a throwaway server, dumps it back, compares, asks the assertions. The server always goes. */
export async function proveDatabase(context: Context, backup: OpenedBackup): Promise<Findings> {
  const { files, manifest, decryptor, job, server: choice, signal } = backup;
  const dump = await dumpOfBackup(files, decryptor);
  const recorded = manifest.adopted ? await readAdopted(context, backup, dump) : recordedOf(backup);
  const workPath = proofsPath(context);
  const source = job?.source ?? null;
  const contentBytes = dump.expected?.sizeBytes ?? dump.sizeBytes;
  const need = spaceNeed(backup, { recorded, workPath, contentBytes });
  if (need !== null) await demandSpace(need);
  await sweep(context, { choice, source, workPath, signal });
  const throwaway = await context.postgres.openThrowaway({
    ...{ choice, source, workPath, signal },
    facts: recorded.facts,
    globals: dump.globals,
    header: dump.header,
    label: `codex-backup-proof-${context.randomToken(8)}`,
  });
  try {
    await backup.hashed;
    const restoring = { throwaway, dump, recorded };
    if (need === null) return await restoreAndCompare(context, backup, restoring);
    return await withinSpace(need, () => restoreAndCompare(context, backup, restoring));
  } finally {
    await throwaway.close();
  }
}

function recordedOf({ manifest: { id, postgres } }: OpenedBackup): Recorded {
  if (postgres !== null) {
    const unproven = postgres.leftOut.map(({ object, reason }) => ({
      object,
      reason: `not in the dump: ${reason}`,
    }));
    return { facts: postgres, unproven };
  }
  throw new Failure("backup.manifest", `Cannot prove "${id}": its manifest does not say what it is of`, {
    hint: "Look at the manifest; prove an older backup.",
  });
}

interface SpaceFor {
  readonly recorded: Recorded;
  readonly workPath: string;
  readonly contentBytes: number;
}

/** Null for servers elsewhere: only those of this host lie on its disk; what a container takes, its engine knows. */
function spaceNeed(
  { server, manifest }: OpenedBackup,
  { recorded, workPath, contentBytes }: SpaceFor,
): SpaceNeed | null {
  if (server.kind !== "auto" && server.kind !== "programs") return null;
  const needBytes = Math.max(recorded.facts.databaseSizeBytes, contentBytes) * 1.2 + serverBytes;
  return { path: workPath, needBytes: Math.ceil(needBytes), what: manifest.id };
}

type Sweeping = Parameters<Context["postgres"]["sweepThrowaways"]>[0];

/** What dead proofs left must not keep this one from being made. */
async function sweep({ postgres, log }: Context, sweeping: Sweeping): Promise<void> {
  try {
    for (const line of await postgres.sweepThrowaways(sweeping)) log.info({}, line);
  } catch (error) {
    sweeping.signal.throwIfAborted();
    log.warn({ error: messageOf(error) }, "could not look for what dead proofs left");
  }
}

interface Restoring {
  readonly throwaway: Throwaway;
  readonly dump: DumpSource;
  readonly recorded: Recorded;
}

async function restoreAndCompare(
  context: Context,
  backup: OpenedBackup,
  { throwaway, dump, recorded }: Restoring,
): Promise<Findings> {
  const expected = dump.expected ?? (await measure(dump, backup.signal));
  const { onProgress, openedBy, startedMs } = backup;
  const found = {
    server: throwaway.description,
    contentBytes: contentBytesOf(backup, expected.sizeBytes),
    openedBy,
  };
  const restored = await tryRestore(throwaway, backup, {
    format: dump.format,
    openDump: () => dump.openDump(),
    expected,
    onProgress: (doneBytes) => onProgress("restore", doneBytes, expected.sizeBytes),
  });
  if ("damage" in restored) {
    const comparison = { ...nothingCompared, differences: [restored.damage] };
    return { ...found, comparison, assertions: [], restoreMs: null, warnings: [] };
  }
  const restoreMs = Math.round(context.clock.monotonicMs() - startedMs);
  const dumpedBack = await dumpBack(throwaway, backup, recorded.facts.fingerprint);
  const wording = otherWording(recorded.facts, throwaway);
  const comparison = compareDumps(recorded.facts.fingerprint, dumpedBack, wording);
  const unproven = [...comparison.unproven, ...recorded.unproven, ...throwaway.unproven];
  const assertions = await askAll(throwaway, backup);
  const { warnings } = restored;
  return { ...found, comparison: { ...comparison, unproven }, assertions, restoreMs, warnings };
}

/** Roles and header too, as profiles count them: times are held against sizes of all that a restore reads. */
function contentBytesOf({ manifest }: OpenedBackup, dumpBytes: number): number {
  const recorded = manifest.files.reduce((sum, { content }) => sum + (content?.sizeBytes ?? 0), 0);
  return Math.max(recorded, dumpBytes);
}

/** Without compression and encryption; only of adopted ones nobody wrote it down. */
async function measure(
  dump: Pick<DumpSource, "openDump">,
  signal: AbortSignal,
): Promise<{ readonly sizeBytes: number; readonly sha256: string }> {
  const hash = createHash("sha256");
  let sizeBytes = 0;
  // A stream of bytes: no encoding is ever set on it.
  for await (const chunk of (await dump.openDump()) as AsyncIterable<Buffer>) {
    signal.throwIfAborted();
    hash.update(chunk);
    sizeBytes += chunk.length;
  }
  return { sizeBytes, sha256: hash.digest("hex") };
}

type Restored = { readonly warnings: readonly string[] } | { readonly damage: string };

/** A dump that is not what was backed up is what a proof looks for, and no failure of the proof. */
async function tryRestore(
  throwaway: Throwaway,
  { manifest, signal }: OpenedBackup,
  dump: Parameters<Throwaway["restore"]>[0],
): Promise<Restored> {
  try {
    return await throwaway.restore(dump);
  } catch (error) {
    if (!(error instanceof Failure) || error.meaning.exit !== 4) throw error;
    const isOtherNow = error.context.isOtherBytes === true && (await isAsExpected(dump, signal));
    if (isOtherNow) throw readOtherwise(manifest.id);
    return { damage: error.message };
  }
}

async function isAsExpected(
  { openDump, expected }: Parameters<Throwaway["restore"]>[0],
  signal: AbortSignal,
): Promise<boolean> {
  const { sizeBytes, sha256 } = await measure({ openDump }, signal);
  return sizeBytes === expected.sizeBytes && sha256 === expected.sha256;
}

/** One wrong read says nothing against the copy. */
function readOtherwise(id: string): Failure {
  return new Failure(
    "backup.mismatch",
    `Cannot prove "${id}": its bytes were read otherwise while they were restored than before and after`,
    { hint: "Check the storage and the memory of this host, and prove it again." },
  );
}

async function dumpBack(
  throwaway: Throwaway,
  { manifest, onProgress }: OpenedBackup,
  recorded: Fingerprint,
): Promise<Fingerprint> {
  const reading = throwaway.readBack((doneBytes) => onProgress("read back", doneBytes, null));
  const read = await reading.catch((error: unknown) => {
    throw notTheCopy(manifest.id, error);
  });
  if (!read.isComplete) throw unfit(manifest.id, "it does not end in pg_dump's trailer");
  return inRecordedOrder(recorded, read.fingerprint, (table) => throwaway.fingerprintTable(table));
}

/** A dump of the throwaway server that cannot be read says nothing against the copy. */
function notTheCopy(id: string, error: unknown): unknown {
  return error instanceof Failure && error.meaning.exit === 4 ? unfit(id, error.message) : error;
}

function unfit(id: string, seen: string): Failure {
  return new Failure("postgres.throwaway", `Cannot use what "${id}" was dumped back to: ${seen}`, {
    hint: "Look at the log of this proof, and prove it again.",
  });
}

/** Each in its turn; one that cannot be answered does not keep the others from being asked. */
async function askAll(
  throwaway: Throwaway,
  { job, signal }: OpenedBackup,
): Promise<ProofReceipt["assertions"]> {
  const answers: ProofReceipt["assertions"] = [];
  for (const sql of job?.assertions ?? []) {
    signal.throwIfAborted();
    answers.push(await ask(throwaway, sql, signal));
  }
  return answers;
}

async function ask(
  throwaway: Throwaway,
  sql: string,
  signal: AbortSignal,
): Promise<ProofReceipt["assertions"][number]> {
  try {
    const answer = await throwaway.ask(sql);
    const isTrue = answer === "t" || answer === "true";
    return { sql, outcome: isTrue ? "true" : "false", message: isTrue ? null : (answer ?? "null") };
  } catch (error) {
    signal.throwIfAborted();
    return { sql, outcome: "failed", message: messageOf(error) };
  }
}
