import type { Destination } from "../../destinations/destination.ts";
import { formatBackupFile } from "../../domain/backups/backup-file.ts";
import { parseManifest } from "../../domain/backups/manifest-text.ts";
import { Failure, messageOf, reportOf } from "../../domain/failure.ts";
import type { Job } from "../../domain/jobs/job.ts";
import { type Context, destinationNamed } from "../context.ts";
import { closeRunsOf } from "../dead-runs.ts";
import { writeCheckReceipt } from "../receipt.ts";
import { type Journal, readJournals, removeJournal } from "./journal.ts";
import { publish } from "./publish.ts";
import { recordBackup, recordCopy } from "./record.ts";
import { sealText } from "./seal.ts";
import { sweepStaged, sweepWork } from "./sweep.ts";
import { findRemains, type Remains, removeRemains, type Unfinished } from "./unfinished.ts";

/**
 * Puts right what dead runs of a job left, before a new one starts (its lock is held): backups under a
 * journal are finished where every file is there, else their files are removed; what they had staged is
 * swept. Returns one line for each thing done. What cannot be mended now is told and tried again next time:
 * nothing that an old run left keeps tonight's from being made.
 */
export async function recover(context: Context, job: Job, signal: AbortSignal): Promise<readonly string[]> {
  closeRunsOf(context, job.name);
  const { journals, unreadable } = await readJournals(context.statePath);
  const done: string[] = [...unreadable];
  const open = new Set<string>();
  for (const journal of journals.filter((one) => one.job === job.name)) {
    const { lines, isSettled } = await rollForward(context, journal, signal);
    done.push(...lines);
    if (!isSettled) open.add(journal.runId);
  }
  if (job.kind === "postgres" || job.kind === "capsule")
    done.push(...(await sweepStaged(context, job, open)));
  return [...done, ...(await sweepWork(context, job.name))];
}

interface Rolled {
  readonly lines: readonly string[];
  /** False: something of it still waits, and what it staged must not be swept. */
  readonly isSettled: boolean;
}

async function rollForward(context: Context, journal: Journal, signal: AbortSignal): Promise<Rolled> {
  const lines: string[] = [];
  let isSettled = true;
  for (const place of journal.destinations) {
    try {
      const manifest = parseManifest(Buffer.from(journal.manifestText), `${journal.runId}.journal.json`);
      const unfinished = {
        sealed: sealText(manifest, journal.manifestText, journal.signatureText),
        runId: journal.runId,
        signal,
        beside: place.beside,
      };
      lines.push(...(await finishAt(context, place, unfinished)));
    } catch (error) {
      signal.throwIfAborted();
      isSettled = false;
      lines.push(`could not finish "${journal.id}" at "${place.name}" yet: ${messageOf(error)}`);
    }
  }
  if (isSettled) await removeJournal(context.statePath, journal.runId);
  return { lines, isSettled };
}

type Place = Journal["destinations"][number];

/** Throws what keeps it from being settled. */
async function finishAt(context: Context, place: Place, unfinished: Unfinished): Promise<readonly string[]> {
  const destination = destinationNamed(context, place.name);
  const { sealed, runId, beside } = unfinished;
  const { id } = sealed.manifest;
  const facts = await destination.ready();
  if (facts.id !== place.id) throw foreign(destination, place, facts.id);
  const stands = (await destination.stat(formatBackupFile(id, { kind: "manifest" }))) !== null;
  const remains = await findRemains(destination, unfinished);
  if (!remains.isWhole) {
    if (stands)
      return [recordDamaged(context, destination, { unfinished, remains, destinationId: facts.id })];
    const isRemoved = await removeRemains(destination, unfinished, remains);
    return isRemoved ? [`removed what run ${runId} left of "${id}" at "${destination.name}"`] : [];
  }
  const staged = remains.files.map((file) => file?.staged ?? null).filter((file) => file !== null);
  const unlisted = await publish(destination, staged, { runId, id, beside, ...sealed });
  await recordFinished(context, destination, { unfinished, remains, destinationId: facts.id });
  if (unlisted !== null) throw unlisted;
  return stands ? [] : [`finished "${id}" at "${destination.name}", which run ${runId} had begun`];
}

/** Another disk under the same name: what waits lies on the one that is away. */
function foreign({ name, location }: Destination, place: Place, id: string): Failure {
  return new Failure(
    "destination.sentinel-foreign",
    `Cannot finish at "${name}": ${location} has the sentinel ${id}, and the files lie at ${place.id}`,
    { hint: "Mount the disk that was there then." },
  );
}

/** The manifest stands and files that it names do not: told here and now, not left for a later check to find. */
function recordDamaged(
  context: Context,
  destination: Destination,
  { unfinished, destinationId }: Finished,
): string {
  const { manifest } = unfinished.sealed;
  const { job, id: backupId } = manifest;
  const message = `"${backupId}" at "${destination.name}" lacks files that its manifest names, or they changed`;
  const failure = reportOf(new Failure("backup.missing-file", `Cannot vouch for ${message}`));
  recordBackup(context, unfinished.sealed);
  context.catalog.putCopy({
    job,
    backupId,
    destination: destination.name,
    destinationId,
    state: "damaged",
    level: "unknown",
    readBack: null,
    checkedAt: context.clock.now(),
    failure,
  });
  return `${message}: restore it from another copy`;
}

interface Finished {
  readonly unfinished: Unfinished;
  readonly remains: Remains;
  readonly destinationId: string;
}

/** The manifest speaks only for copies that were read back before it was sealed; one that came later needs its receipt. */
async function recordFinished(
  context: Context,
  destination: Destination,
  { unfinished, remains, destinationId }: Finished,
): Promise<void> {
  const { sealed } = unfinished;
  const { copies, level } = sealed.manifest.checked;
  const known = copies[destinationId];
  const readBack = known ?? remains.readBack;
  if (known === undefined)
    await writeCheckReceipt(context, destination, { sealed, destinationId, level, readBack });
  recordBackup(context, sealed);
  recordCopy(context, sealed, { destination: destination.name, destinationId, level, readBack });
}
