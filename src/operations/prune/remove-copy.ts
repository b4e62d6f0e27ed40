import type { BackupRow, CopyRow } from "../../catalog/catalog.ts";
import type { Destination, StoredFile } from "../../destinations/destination.ts";
import { formatBackupFile } from "../../domain/backups/backup-file.ts";
import { asFailure, Failure } from "../../domain/failure.ts";
import type { Instant } from "../../domain/instant.ts";
import type { BackupJob } from "../../domain/jobs/job.ts";
import { type Linked, toldOn } from "../../domain/signatures/chain-link.ts";
import { type Context, destinationNamed } from "../context.ts";
import { noteLook } from "../note-look.ts";
import { demandSameDisk } from "../same-disk.ts";
import { dataOf, isBeside, isReceiptOf } from "./copy-files.ts";
import { type Retained, retainedUntil } from "./retained.ts";

interface CopyName {
  readonly id: string;
  readonly destination: string;
}

/** What became of one copy that was to go. */
export interface Removal extends CopyName {
  /** Null when it is gone, as the destination's own list says, or retained. */
  readonly failure: Failure | null;
  /** The storage refuses to remove it for now: that is no failure, and the next prune tries again. */
  readonly retained: Retained | null;
}

/**
 * Removes copies in the order of STATE: tombstone in the catalog, manifest, data, checksums, rows. Then each
 * destination is listed again: a copy of which anything still stands there keeps its tombstone and is told, since
 * a storage may acknowledge what it does not do. A death between any two steps leaves a tombstone that
 * finishRemovals works off. One that fails stops no other; after an abort the rest has no removal in the answer.
 * Where the storage retains a manifest, nothing else of that copy is touched, and its tombstone goes again.
 */
export async function removeCopies(
  context: Context,
  job: BackupJob,
  { copies, signal }: { readonly copies: readonly CopyName[]; readonly signal: AbortSignal },
): Promise<readonly Removal[]> {
  const removals: Removal[] = [];
  for (const [name, here] of Map.groupBy(copies, (copy) => copy.destination)) {
    if (signal.aborted) break;
    removals.push(...(await removeAt(context, job, { name, ids: here.map(({ id }) => id), signal })));
  }
  return removals;
}

interface Removing {
  readonly name: string;
  readonly ids: readonly string[];
  readonly signal: AbortSignal;
}

async function removeAt(
  context: Context,
  job: BackupJob,
  { name, ids, signal }: Removing,
): Promise<readonly Removal[]> {
  const removals = new Map<string, Ending>();
  const erased: Erased[] = [];
  try {
    const destination = destinationNamed(context, name);
    const before = await destination.list();
    const linksOf = rememberedLinks(context, job);
    for (const id of ids) {
      if (signal.aborted) break;
      const erasing = { id, destination, before, linksOf };
      const ending = await eraseCopy(context, job, erasing).catch((error: unknown) =>
        failed(asFailure(error, "destination.io", `Cannot remove "${id}" at "${name}"`)),
      );
      if ("row" in ending) erased.push(ending);
      else removals.set(id, ending);
    }
    const after = erased.length === 0 ? [] : await lookAgain(destination, erased);
    for (const one of erased) removals.set(one.row.id, settle(context, one, after));
  } catch (error) {
    const failure = asFailure(error, "destination.io", `Cannot remove backups at "${name}"`);
    for (const id of ids) if (!removals.has(id)) removals.set(id, failed(failure));
  }
  return [...removals].map(([id, ending]) => ({ id, destination: name, ...ending }));
}

/** What became of it. */
type Ending = Pick<Removal, "failure" | "retained">;

const gone: Ending = { failure: null, retained: null };

function failed(failure: Failure): Ending {
  return { failure, retained: null };
}

function namesOf(files: readonly { readonly name: string }[]): readonly string[] {
  return files.map(({ name }) => name);
}

/** A copy whose files were removed; its rows still stand. */
interface Erased {
  readonly row: BackupRow;
  readonly destination: string;
  /** Of its data, as the manifest names them. */
  readonly data: readonly string[];
  /** What the next manifest must say is gone by policy, when this was the last copy: it, and what only it told of. */
  readonly told: readonly string[];
  /** Of its files, those that the storage refused to remove. */
  readonly retained: readonly string[];
}

interface Erasing {
  readonly id: string;
  readonly destination: Destination;
  /** What lies there. */
  readonly before: readonly StoredFile[];
  linksOf(database: string | null): readonly Linked[];
}

/** As they were before the first removal: every manifest that is to go together is still among them. */
function rememberedLinks({ catalog }: Context, job: BackupJob): Erasing["linksOf"] {
  const found = new Map<string | null, readonly Linked[]>();
  return (database) => {
    const links = found.get(database) ?? catalog.links(job.name, database);
    found.set(database, links);
    return links;
  };
}

function toldBy(id: string, links: readonly Linked[]): readonly string[] {
  const removed = links.find((link) => link.id === id);
  return removed === undefined ? [] : toldOn(removed, links);
}

/**
 * Gone when the catalog knows no such copy. Throws and removes nothing when another disk lies there
 * ("destination.sentinel-foreign") or a hold file stands beside the copy ("usage.refused").
 */
async function eraseCopy(
  context: Context,
  job: BackupJob,
  { id, destination, before, linksOf }: Erasing,
): Promise<Erased | Ending> {
  const { catalog } = context;
  const row = catalog.backup(job.name, id);
  const copy = row?.copies.find((candidate) => candidate.destination === destination.name);
  if (!row || !copy) return gone;
  const facts = await destination.ready();
  demandSameDisk(destination, facts, copy);
  noteLook(context, destination, facts);
  await demandNotHeld(destination, id);
  const data = dataOf(catalog.manifestText(job.name, id), id);
  const manifest = formatBackupFile(id, { kind: "manifest" });
  const beside = namesOf(before).filter((name) => name !== manifest && isBeside(name, id, data));
  catalog.putCopy({ ...copy, state: "removing" });
  const stored = before.find(({ name }) => name === manifest);
  if ((await destination.remove(manifest)) === "retained")
    return keepRetained(context, copy, retainedUntil(stored, facts));
  await destination.sync();
  const files = [...new Set([...data, ...beside])];
  const retained: string[] = [];
  for (const file of files) if ((await destination.remove(file)) === "retained") retained.push(file);
  await destination.sync();
  await destination.checksums?.drop([...files, manifest]);
  // What was gone before anything was removed here is no removal by policy, and the chain must not say so.
  const isOurs = copy.state === "removing" || stored !== undefined;
  const told = [...toldBy(id, linksOf(row.database)), ...(isOurs ? [id] : [])];
  return { row, destination: destination.name, data, told, retained };
}

/** The copy is as whole as it was before; a tombstone that a dead prune left says nothing else of it. */
function keepRetained({ catalog, clock }: Context, copy: CopyRow, until: Instant | null): Ending {
  const { job, backupId, destination, failure } = copy;
  const isMissing = failure?.code === "backup.missing-file";
  const before = failure === null ? "whole" : isMissing ? "missing" : "damaged";
  catalog.atomically(() => {
    catalog.putCopy({ ...copy, state: copy.state === "removing" ? before : copy.state });
    catalog.putRetained({ job, backupId, destination, at: clock.now(), until });
  });
  return { failure: null, retained: { until } };
}

/** What lies there now. Receipts that a check or a proof has laid beside a copy while it was removed go as well. */
async function lookAgain(destination: Destination, erased: readonly Erased[]): Promise<readonly string[]> {
  const ids = new Set(erased.map(({ row }) => row.id));
  const after = namesOf(await destination.list());
  const late = after.filter((name) => isReceiptOf(name, ids));
  if (late.length === 0) return after;
  for (const name of late) await destination.remove(name);
  await destination.sync();
  return namesOf(await destination.list());
}

/** Forgets what is gone; what is not keeps its tombstone, for the next prune to try again. */
function settle(
  { catalog }: Context,
  { row, destination, data, told, retained }: Erased,
  after: readonly string[],
): Ending {
  const left = after.filter((name) => data.includes(name) || isBeside(name, row.id, data));
  const wrong = left.filter((name) => !retained.includes(name));
  if (wrong.length > 0) return failed(stillThere(row.id, destination, wrong));
  if (left.length > 0) return { failure: null, retained: { until: null } };
  catalog.atomically(() => {
    const copies = catalog.backup(row.job, row.id)?.copies ?? [];
    catalog.removeCopy(row.job, row.id, destination);
    catalog.addPrunedCopy(row.job, row.id, destination);
    if (copies.length === 1) for (const id of told) catalog.addPruned(row.job, row.database, id);
    catalog.removeBackupIfBare(row.job, row.id);
  });
  return gone;
}

function stillThere(id: string, destination: string, names: readonly string[]): Failure {
  return new Failure(
    "destination.io",
    `Cannot remove "${id}" at "${destination}": ${names.map((name) => `"${name}"`).join(", ")} still there after it was removed`,
    { hint: "Look why the storage keeps it; the next prune tries again." },
  );
}

/** A hold may have been made since the plan, here or by another host. */
async function demandNotHeld(destination: Destination, id: string): Promise<void> {
  const name = formatBackupFile(id, { kind: "hold" });
  if ((await destination.stat(name)) === null) return;
  throw new Failure("usage.refused", `Cannot remove "${id}" at "${destination.name}": "${name}" holds it`, {
    hint: "End the hold with codex-backup release.",
  });
}

/** Works off the tombstones that a dead prune left. A destination that is away is tried again next time. */
export async function finishRemovals(context: Context, job: BackupJob, signal: AbortSignal): Promise<void> {
  const open: readonly CopyRow[] = context.catalog
    .backups({ job: job.name })
    .flatMap((row) => row.copies)
    .filter((copy) => copy.state === "removing");
  const copies = open.map(({ backupId, destination }) => ({ id: backupId, destination }));
  for (const { id, destination, failure } of await removeCopies(context, job, { copies, signal })) {
    if (failure !== null)
      context.log.warn({ backup: id, destination, error: failure.message }, "could not finish a removal yet");
  }
}
