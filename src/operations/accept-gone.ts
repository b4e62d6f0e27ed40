import type { BackupRow } from "../catalog/catalog.ts";
import { parseBackupFile } from "../domain/backups/backup-file.ts";
import { asFailure, Failure } from "../domain/failure.ts";
import { toldOn } from "../domain/signatures/chain-link.ts";
import type { Context } from "./context.ts";
import type { HoldReport, HoldRequest } from "./operation.ts";

/**
 * A person says that what is gone of a backup may be gone: nothing tells of it any more, and the next manifest accounts
 * for it as for what policy removed. Removes nothing: where files of it still lie, it is not gone ("usage.refused"). Throws
 * "usage.unknown-backup" when nothing of this name is known to be gone.
 */
export async function acceptGone(context: Context, request: HoldRequest): Promise<HoldReport> {
  const found = findGone(context, request.backup);
  const done: string[] = [];
  const failed: { destination: string; message: string }[] = [];
  for (const destination of found.destinations) {
    try {
      await demandGone(context, destination, found);
      forgetCopy(context, destination, found);
      done.push(destination);
    } catch (error) {
      const { message } = asFailure(error, "destination.io", "Cannot look whether it is gone");
      failed.push({ destination, message });
    }
  }
  if (done.length === 0 && failed.length > 0) throw notGone(found.id, failed);
  if (found.isNoted && failed.length === 0) context.catalog.addPruned(found.job, found.database, found.id);
  const { who, why } = request;
  context.log.info({ backup: found.id, job: found.job, who, why }, "accepted that it is gone");
  return { backup: found.id, job: found.job, destinations: done, failed };
}

interface Gone {
  readonly job: string;
  readonly database: string | null;
  readonly id: string;
  /** Null: the catalog has forgotten it. */
  readonly row: BackupRow | null;
  /** Where something of it is missing. */
  readonly destinations: readonly string[];
  /** A manifest notes that nobody knows who removed it. */
  readonly isNoted: boolean;
}

function findGone(context: Context, name: string): Gone {
  const slash = name.indexOf("/");
  const [wantedJob, id] = slash < 0 ? [null, name] : [name.slice(0, slash), name.slice(slash + 1)];
  const jobs = wantedJob === null ? context.jobs.map((job) => job.name) : [wantedJob];
  const found = jobs.flatMap((job) => goneOf(context, job, id));
  const [first, second] = found;
  if (first !== undefined && second === undefined) return first;
  if (second !== undefined) {
    const names = found.map((one) => `${one.job}/${id}`).join(", ");
    throw new Failure("usage.ambiguous", `Cannot tell which backup "${name}" is: ${names}`, {
      hint: "Name it with its job.",
    });
  }
  throw new Failure(
    "usage.unknown-backup",
    `Cannot accept "${name}": nothing of this name is known to be gone`,
    {
      hint: "See what is gone with codex-backup status.",
    },
  );
}

function goneOf(context: Context, job: string, id: string): readonly Gone[] {
  const { catalog } = context;
  const row = catalog.backup(job, id);
  return databasesOf(context, job).flatMap((database): readonly Gone[] => {
    const troubles = catalog
      .troubles(job, database)
      .filter((one) => one.kind === "gone" && one.backupId === id);
    const isNoted = catalog.notedGone(job, database).some((one) => one.id === id);
    const destinations = [...new Set(troubles.map(({ destination }) => destination))];
    return destinations.length > 0 || isNoted ? [{ job, database, id, row, destinations, isNoted }] : [];
  });
}

/** Also one of which the catalog knows no backup any more. */
function databasesOf({ catalog, jobs }: Context, name: string): readonly (string | null)[] {
  const job = jobs.find((one) => one.name === name);
  const named = job?.kind === "postgres" && job.databases.kind === "named" ? job.databases.names : [];
  return [...new Set([null, ...named, ...catalog.backups({ job: name }).map(({ database }) => database)])];
}

/** A destination that is no longer in the config cannot be asked, and has nothing that anybody would miss. */
async function demandGone(context: Context, name: string, { job, id, row, database }: Gone): Promise<void> {
  const destination = context.destinations.get(name);
  const isWhole = context.catalog
    .troubles(job, database)
    .some((one) => one.backupId === id && one.destination === name && one.file === "");
  if (destination === undefined || !isWhole) return;
  await destination.look();
  const files = (await destination.list()).map((file) => file.name);
  const data = new Set((context.catalog.expectedFiles(job).get(id) ?? []).map(({ path }) => path));
  const left = files.filter((file) => (row !== null && data.has(file)) || isManifestOf(file, id));
  if (left.length === 0) return;
  throw new Failure(
    "usage.refused",
    `Cannot accept that "${id}" is gone from "${name}": ${left.map((file) => `"${file}"`).join(", ")} still there`,
    { hint: "Bring the rest back from another copy, or remove what is left of it." },
  );
}

function isManifestOf(file: string, id: string): boolean {
  const parsed = parseBackupFile(file);
  return parsed?.base === id && parsed.file.kind === "manifest";
}

function forgetCopy({ catalog }: Context, destination: string, { job, database, id, row }: Gone): void {
  catalog.atomically(() => {
    const troubles = catalog.troubles(job, database);
    const own = troubles.filter(
      (one) => one.kind === "gone" && one.backupId === id && one.destination === destination,
    );
    for (const one of own) catalog.endTrouble(one);
    if (!own.some(({ file }) => file === "")) return; // only receipts
    const links = catalog.links(job, database);
    const removed = links.find((link) => link.id === id);
    const copies = catalog.backup(job, id)?.copies ?? [];
    if (row !== null) catalog.removeCopy(job, id, destination);
    const isLast = copies.every((copy) => copy.destination === destination);
    if (isLast)
      for (const told of [...(removed === undefined ? [] : toldOn(removed, links)), id])
        catalog.addPruned(job, database, told);
    if (row !== null) catalog.removeBackupIfBare(job, id);
  });
}

function notGone(id: string, failed: readonly { readonly message: string }[]): Failure {
  const [first] = failed;
  return new Failure("usage.refused", first?.message ?? `Cannot accept that "${id}" is gone`, {
    hint: "Bring the rest back from another copy, or remove what is left of it.",
  });
}
