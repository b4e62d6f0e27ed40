import type { Destination } from "../../destinations/destination.ts";
import { formatBackupFile } from "../../domain/backup-file.ts";
import { messageOf } from "../../domain/failure.ts";
import type { Job } from "../../domain/job.ts";
import { parseManifest } from "../../domain/manifest-text.ts";
import type { Context } from "../context.ts";
import { closeRunsOf } from "../dead-runs.ts";
import { writeCheckReceipt } from "../receipt.ts";
import { type Journal, readJournals, removeJournal } from "./journal.ts";
import { publish } from "./publish.ts";
import { recordBackup, recordCopy } from "./record.ts";
import { seal } from "./seal.ts";
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
  for (const journal of journals) {
    if (journal.job === job.name) done.push(...(await rollForward(context, journal, signal)));
  }
  if (job.kind === "postgres" || job.kind === "capsule") done.push(...(await sweepStaged(context, job)));
  return [...done, ...(await sweepWork(context, job.name))];
}

async function rollForward(
  context: Context,
  journal: Journal,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const done: string[] = [];
  let isSettled = true;
  for (const name of journal.destinations) {
    const destination = context.destinations.get(name);
    try {
      const manifest = parseManifest(Buffer.from(journal.manifestText), `${journal.runId}.journal.json`);
      const unfinished = { sealed: seal(manifest), runId: journal.runId, signal };
      if (destination) done.push(...(await finishAt(context, destination, unfinished)));
    } catch (error) {
      isSettled = false;
      done.push(`could not finish "${journal.id}" at "${name}" yet: ${messageOf(error)}`);
    }
  }
  if (isSettled) await removeJournal(context.statePath, journal.runId);
  return done;
}

/** Throws what keeps it from being settled. */
async function finishAt(
  context: Context,
  destination: Destination,
  unfinished: Unfinished,
): Promise<readonly string[]> {
  const { sealed, runId } = unfinished;
  const { id } = sealed.manifest;
  const facts = await destination.ready();
  const stands = (await destination.stat(formatBackupFile(id, { kind: "manifest" }))) !== null;
  const remains = await findRemains(destination, unfinished);
  if (!remains.isWhole) {
    if (stands) return [`"${id}" at "${destination.name}" lacks files that its manifest names: run verify`];
    const isRemoved = await removeRemains(destination, sealed, remains);
    return isRemoved ? [`removed what run ${runId} left of "${id}" at "${destination.name}"`] : [];
  }
  const staged = remains.files.map((file) => file?.staged ?? null).filter((file) => file !== null);
  const unlisted = await publish(destination, staged, { runId, id, ...sealed });
  await recordFinished(context, destination, { unfinished, remains, destinationId: facts.id });
  if (unlisted !== null) throw unlisted;
  return stands ? [] : [`finished "${id}" at "${destination.name}", which run ${runId} had begun`];
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
