import type { CopyRow } from "../catalog/catalog.ts";
import type { Destination, StoredFile } from "../destinations/destination.ts";
import { type NamedBackupFile, parseBackupFile } from "../domain/backups/backup-file.ts";
import { parseManifest } from "../domain/backups/manifest-text.ts";
import { parseMark } from "../domain/backups/mark.ts";
import { messageOf } from "../domain/failure.ts";
import { type Instant, instant, parseInstant } from "../domain/instant.ts";
import type { ProofReceipt } from "../domain/proofs/proof-receipt.ts";
import { type CopyPlace, copyAsTold, damagedCopy, toldBeside } from "./beside.ts";
import type { Context } from "./context.ts";
import { findLeftovers } from "./leftovers.ts";
import type { CatalogProblem, RebuildReport } from "./operation.ts";
import { proofRowOf } from "./proof-receipts.ts";
import { finishRemovals } from "./prune/remove-copy.ts";
import { putBackup } from "./put-backup.ts";
import { lockJob } from "./run/job-lock.ts";
import {
  demandOwnName,
  differencesToOwnHash,
  missingFiles,
  readStoredBackup,
  type StoredBackup,
} from "./stored-backup.ts";

/** A copy as its destination describes it. */
interface Found {
  readonly stored: StoredBackup;
  readonly copy: CopyRow;
  readonly marks: readonly FoundMark[];
  readonly proofs: readonly ProofReceipt[];
  readonly differences: readonly string[];
  /** Receipts of proofs that tell nothing here, and why. */
  readonly unbelieved: readonly string[];
}

interface FoundMark {
  readonly kind: "hold" | "accepted";
  readonly who: string;
  readonly at: Instant;
  readonly why: string;
}

/**
 * Makes the index of backups anew from what lies at the destinations, with every job's lock held, so that
 * nothing comes or goes meanwhile. Removals that were begun are finished first, and those that cannot be stay
 * begun. Everything is read before anything is forgotten; a destination that cannot be read stops the
 * rebuild, since its backups would be lost from view. Run rows are kept. Throws "run.busy".
 */
export async function rebuildCatalog(context: Context, signal: AbortSignal): Promise<RebuildReport> {
  return underAllLocks(context, signal, async () => {
    for (const job of context.jobs)
      if (job.kind === "postgres" || job.kind === "capsule") await finishRemovals(context, job, signal);
    const found: Found[] = [];
    const problems: CatalogProblem[] = [];
    for (const destination of context.destinations.values()) {
      const read = await readDestination(context, destination, signal);
      found.push(...read.found);
      problems.push(...read.problems);
    }
    record(context, found);
    return reportOn(found, problems);
  });
}

async function underAllLocks<T>(context: Context, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const runId = context.newRunId();
  const locks: { release(): void }[] = [];
  try {
    for (const { name } of context.jobs)
      locks.push(await lockJob(context, { job: name, runId, waitMs: 0, signal }));
    return await work();
  } finally {
    for (const lock of locks) lock.release();
  }
}

interface DestinationRead {
  readonly found: readonly Found[];
  readonly problems: readonly CatalogProblem[];
}

async function readDestination(
  context: Context,
  destination: Destination,
  signal: AbortSignal,
): Promise<DestinationRead> {
  const { id: destinationId } = await destination.look();
  const files = await destination.list();
  const found: Found[] = [];
  const problems: CatalogProblem[] = [];
  for (const { base } of backupFiles(files).filter(({ file }) => file.kind === "manifest")) {
    signal.throwIfAborted();
    try {
      found.push(await readOne(context, { destination, destinationId }, { base, files }));
    } catch (error) {
      problems.push({ destination: destination.name, backup: base, message: messageOf(error) });
    }
  }
  problems.push(...(await findLeftovers(context, destination, files)));
  return { found, problems };
}

function backupFiles(files: readonly StoredFile[]): readonly NamedBackupFile[] {
  return files.map(({ name }) => parseBackupFile(name)).filter((parsed) => parsed !== null);
}

interface Shown {
  readonly base: string;
  readonly files: readonly StoredFile[];
}

async function readOne({ signatures }: Context, place: CopyPlace, { base, files }: Shown): Promise<Found> {
  const { destination, destinationId } = place;
  const stored = await readStoredBackup(destination, base);
  demandOwnName(stored, base);
  const { manifestSha256 } = stored;
  const beside = files.filter(({ name }) => parseBackupFile(name)?.base === base);
  const differences = [...(await differencesToOwnHash(destination, stored)), ...missingFiles(stored, files)];
  const told = await toldBeside(destination, beside, { destinationId, manifestSha256, signatures });
  const copy = copyAsTold(place, stored, told);
  const [first] = differences;
  return {
    stored,
    copy: first === undefined ? copy : damagedCopy(copy, first),
    marks: await readMarks(destination, beside),
    proofs: told.proofs,
    unbelieved: told.unbelieved,
    differences,
  };
}

async function readMarks(
  destination: Destination,
  beside: readonly StoredFile[],
): Promise<readonly FoundMark[]> {
  const marks = beside.map(async ({ name, modifiedMs }) => {
    const kind = parseBackupFile(name)?.file.kind;
    if (kind !== "hold" && kind !== "accepted") return null;
    const mark = parseMark((await destination.read(name)).toString("utf8"));
    const at = mark === null ? null : parseInstant(mark.at);
    // The file's name is what protects; one that was made by hand (touch NAME.hold) counts as well.
    return {
      kind,
      who: mark?.who ?? "unknown",
      why: mark?.why ?? "",
      at: at ?? instant(Math.floor(modifiedMs)),
    };
  });
  return (await Promise.all(marks)).filter((mark) => mark !== null);
}

function record({ catalog }: Context, found: readonly Found[]): void {
  catalog.atomically(() => {
    const tombstones = tombstonesOf({ catalog });
    const damaged = damageOf({ catalog });
    catalog.forgetBackups();
    for (const { stored, copy, marks, proofs } of found) {
      const { job, backupId, destination } = copy;
      putBackup(catalog, stored);
      catalog.putCopy(sterner(copy, damaged.get(keyOf(copy))));
      for (const mark of marks) catalog.putMark({ job, backupId, destination, ...mark });
      for (const proof of proofs) catalog.putProof(proofRowOf(proof));
    }
    for (const { copy, text: manifestText, sha256: manifestSha256 } of tombstones) {
      const manifest = parseManifest(Buffer.from(manifestText), "the catalog");
      if (catalog.backup(copy.job, copy.backupId) === null)
        putBackup(catalog, { manifest, manifestText, manifestSha256 });
      catalog.putCopy(copy);
    }
  });
}

interface Tombstone {
  readonly copy: CopyRow;
  readonly text: string;
  readonly sha256: string;
}

/** What could not be removed to the end yet: it may still look whole at its destination. */
function tombstonesOf({ catalog }: Pick<Context, "catalog">): readonly Tombstone[] {
  return catalog.backups().flatMap(({ job, id, copies, manifestSha256: sha256 }) => {
    const going = copies.filter((copy) => copy.state === "removing");
    const text = going.length === 0 ? null : catalog.manifestText(job, id);
    return text === null ? [] : going.map((copy) => ({ copy, text, sha256 }));
  });
}

/** Damage that was found where no receipt could be written stands in the catalog only. */
function damageOf({ catalog }: Pick<Context, "catalog">): ReadonlyMap<string, CopyRow> {
  const damaged = catalog
    .backups()
    .flatMap(({ copies }) => copies)
    .filter(({ state, failure }) => state === "damaged" && isKept(failure));
  return new Map(damaged.map((copy) => [keyOf(copy), copy]));
}

function isKept(failure: CopyRow["failure"]): boolean {
  return failure?.code === "backup.mismatch" || failure?.code === "proof.mismatch";
}

function sterner(told: CopyRow, damaged: CopyRow | undefined): CopyRow {
  if (damaged === undefined || told.state === "damaged") return told;
  if (damaged.failure?.code === "proof.mismatch" && told.level !== "proven") return damaged;
  return (told.checkedAt ?? 0) > (damaged.checkedAt ?? 0) ? told : damaged;
}

function keyOf({ job, backupId, destination, destinationId }: CopyRow): string {
  return [job, backupId, destination, destinationId].join("\n");
}

function reportOn(found: readonly Found[], problems: readonly CatalogProblem[]): RebuildReport {
  const unlike = found.flatMap(({ copy, differences }) =>
    differences.map((message) => ({ destination: copy.destination, backup: copy.backupId, message })),
  );
  return {
    backups: new Set(found.map(({ copy }) => `${copy.job}/${copy.backupId}`)).size,
    copies: found.length,
    holds: found.filter(({ marks }) => marks.some((mark) => mark.kind === "hold")).length,
    problems: [...problems, ...unlike],
    warnings: found.flatMap(({ copy, unbelieved }) =>
      unbelieved.map((message) => ({ destination: copy.destination, backup: copy.backupId, message })),
    ),
  };
}
