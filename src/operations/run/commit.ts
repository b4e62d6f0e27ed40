import type { Destination } from "../../destinations/destination.ts";
import { asFailure, type Failure, reportOf } from "../../domain/failure.ts";
import type { CopyReport } from "../../domain/run-report.ts";
import type { Context } from "../context.ts";
import type { Share } from "../delivery/delivery.ts";
import { noCopiesLeft } from "../delivery/no-copies.ts";
import type { BackupRun } from "./backup.ts";
import type { Checked } from "./check-shares.ts";
import { removeJournal, writeJournal } from "./journal.ts";
import { publish } from "./publish.ts";
import { recordBackup, recordCopy } from "./record.ts";
import type { Sealed } from "./seal.ts";

interface Committing {
  readonly run: BackupRun;
  readonly sealed: Sealed;
  readonly checked: Checked;
}

interface Attempt {
  readonly share: Share;
  readonly failure: Failure | null;
}

/**
 * Publishes at every destination that was read back, under a journal. Where publishing failed half-way the
 * journal stays, so that the next run finishes or removes what stands there. Throws when the backup now
 * exists nowhere.
 */
export async function commit(context: Context, committing: Committing): Promise<readonly CopyReport[]> {
  const { run, sealed, checked } = committing;
  await writeJournal(context.statePath, journalOf(committing));
  const attempts = await Promise.all(checked.shares.map((share) => publishShare(share, committing)));
  const failures = attempts.map((attempt) => attempt.failure).filter((failure) => failure !== null);
  if (failures.length === attempts.length) throw noCopiesLeft(failures);
  recordBackup(context, sealed);
  const copies = attempts.map((attempt) => report(attempt, checked));
  attempts.forEach(({ share, failure }, index) => {
    const copy = copies[index];
    if (failure === null && copy)
      recordCopy(context, sealed, { ...copy, destinationId: share.destinationId });
  });
  if (failures.length === 0) await removeJournal(context.statePath, run.runId);
  return copies;
}

function journalOf({ run, sealed, checked }: Committing) {
  const { manifest, manifestText, ownHashText } = sealed;
  return {
    version: 1,
    runId: run.runId,
    job: manifest.job,
    database: manifest.database,
    id: manifest.id,
    files: manifest.files.map((file) => file.path),
    destinations: checked.shares.map((share) => share.destination.name),
    manifestText,
    ownHashText,
  } as const;
}

async function publishShare(share: Share, { run, sealed }: Committing): Promise<Attempt> {
  const { manifest } = sealed;
  try {
    const staged = manifest.files
      .map((file) => share.branches.get(file.path)?.staged)
      .filter((file) => file !== undefined);
    await publish(share.destination, staged, { runId: run.runId, id: manifest.id, ...sealed });
    return { share, failure: null };
  } catch (error) {
    return { share, failure: asFailure(error, "destination.io", whatFailed(manifest.id, share.destination)) };
  }
}

function whatFailed(id: string, destination: Destination): string {
  return `Cannot publish "${id}" at "${destination.name}"`;
}

function report({ share, failure }: Attempt, checked: Checked): CopyReport {
  const { destination, destinationId } = share;
  return {
    destination: destination.name,
    location: destination.location,
    level: failure === null ? checked.inspected.level : "unknown",
    readBack: failure === null ? (checked.sources.get(destinationId) ?? null) : null,
    late: false,
    failure: failure === null ? null : reportOf(failure),
  };
}
