import { reportOf } from "../../domain/failure.ts";
import type { CopyReport } from "../../domain/runs/run-report.ts";
import type { Context } from "../context.ts";
import type { Delivery, Share } from "../delivery/delivery.ts";
import { noCopiesLeft } from "../delivery/no-copies.ts";
import type { BackupRun } from "./backup.ts";
import { besideOf } from "./besides.ts";
import { type Checked, levelAfter } from "./check-shares.ts";
import { type Journal, removeJournal, writeJournal } from "./journal.ts";
import { mayBeLate } from "./late.ts";
import { type Beside, type PublishEnd, type Published, tryPublish } from "./publish.ts";
import { recordBackup, recordCopy } from "./record.ts";
import type { Sealed } from "./seal.ts";
import { withdraw } from "./unfinished.ts";

interface Committing {
  readonly run: BackupRun;
  readonly sealed: Sealed;
  readonly delivery: Delivery;
  readonly checked: Checked;
}

interface Attempt extends PublishEnd {
  readonly share: Share;
}

/**
 * Publishes at every destination that was read back, under a journal that also names those that may come
 * late; the caller removes it when all is settled. Throws when the backup now exists nowhere, having taken
 * back what already had its name.
 */
export async function commit(context: Context, committing: Committing): Promise<Published> {
  const { run, sealed, checked } = committing;
  const places = placesOf(context, committing);
  await writeJournal(context.statePath, journalOf(committing, places));
  const attempts = await Promise.all(
    places.map(({ share, beside }) => publishShare(share, committing, beside)),
  );
  const failures = attempts.map((attempt) => attempt.failure).filter((failure) => failure !== null);
  if (failures.length === attempts.length) {
    if (await withdrawAll(committing, places)) await removeJournal(context.statePath, run.runId);
    throw noCopiesLeft(failures);
  }
  recordBackup(context, sealed);
  const good = attempts.filter((attempt) => attempt.failure === null);
  for (const { share } of good) {
    const { destination, destinationId } = share;
    recordCopy(context, sealed, { destination: destination.name, destinationId, ...foundOf(share, checked) });
  }
  return {
    copies: attempts.map((attempt) => report(attempt, checked)),
    at: good.map(({ share }) => share.destination),
    gaps: attempts.map((attempt) => attempt.unlisted?.message).filter((gap) => gap !== undefined),
    isSettled: attempts.every((attempt) => attempt.failure === null && attempt.unlisted === null),
  };
}

interface PublishingPlace {
  readonly share: Share;
  readonly beside: readonly Beside[];
}

function placesOf(context: Context, { sealed, checked }: Committing): readonly PublishingPlace[] {
  return checked.shares.map((share) => {
    const { readBack } = foundOf(share, checked);
    const { destinationId } = share;
    return { share, beside: readBack === null ? [] : besideOf(context, { sealed, destinationId, readBack }) };
  });
}

function journalOf(
  { run, sealed, delivery, checked }: Committing,
  places: readonly PublishingPlace[],
): Journal {
  const { manifest, manifestText, ownHashText, signatureText } = sealed;
  const late = delivery.shares.filter((share) => !checked.shares.includes(share) && mayBeLate(share));
  return {
    version: 1,
    runId: run.runId,
    job: manifest.job,
    database: manifest.database,
    id: manifest.id,
    files: manifest.files.map((file) => file.path),
    destinations: [...places, ...late.map((share) => ({ share, beside: [] }))].map(({ share, beside }) => ({
      name: share.destination.name,
      id: share.destinationId,
      beside: [...beside],
    })),
    manifestText,
    ownHashText,
    signatureText,
  };
}

async function publishShare(
  share: Share,
  { run, sealed }: Committing,
  beside: readonly Beside[],
): Promise<Attempt> {
  const { manifest } = sealed;
  const staged = manifest.files
    .map((file) => share.branches.get(file.path)?.staged)
    .filter((file) => file !== undefined);
  const what = { runId: run.runId, id: manifest.id, beside, ...sealed };
  return { share, ...(await tryPublish(share.destination, staged, what)) };
}

/** True when nothing of the backup is left under its names anywhere. */
async function withdrawAll(
  { run, sealed }: Committing,
  places: readonly PublishingPlace[],
): Promise<boolean> {
  const unfinished = { sealed, runId: run.runId, signal: new AbortController().signal };
  const gone = await Promise.all(
    places.map(({ share, beside }) => withdraw(share.destination, { ...unfinished, beside })),
  );
  return gone.every((isGone) => isGone);
}

function foundOf(share: Share, { readBacks, inspected }: Checked): Pick<CopyReport, "level" | "readBack"> {
  const readBack = readBacks.get(share) ?? null;
  return { level: readBack === null ? "unknown" : levelAfter(readBack, inspected.level), readBack };
}

function report({ share, failure }: Attempt, checked: Checked): CopyReport {
  const { destination } = share;
  return {
    destination: destination.name,
    location: destination.location,
    ...(failure === null ? foundOf(share, checked) : ({ level: "unknown", readBack: null } as const)),
    late: false,
    failure: failure === null ? null : reportOf(failure),
  };
}
