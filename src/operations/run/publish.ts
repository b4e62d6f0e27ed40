import type { Destination, StagedFile } from "../../destinations/destination.ts";
import { formatBackupFile, manifestSignature } from "../../domain/backups/backup-file.ts";
import type { ChecksumLine } from "../../domain/checksums/checksum-line.ts";
import { asFailure, type Failure } from "../../domain/failure.ts";
import type { CopyReport } from "../../domain/runs/run-report.ts";

export interface Publication {
  readonly runId: string;
  readonly id: string;
  readonly manifestText: string;
  readonly ownHashText: string;
  readonly signatureText: string | null;
  readonly lines: readonly ChecksumLine[];
  /** What must lie there before the backup exists; left out: nothing. */
  readonly beside?: readonly Beside[];
}

/** A small file that speaks of this copy: a receipt, a hold. */
export interface Beside {
  readonly name: string;
  readonly text: string;
}

/**
 * Gives a whole backup its final names at one destination, in the order of STATE: data, own hash, signature, what protects
 * it or says how far it was checked, manifest last (so that a backup that exists is signed), then the directory's checksums. Each step may have been done by a run that died: it is not repeated.
 * Throws while no backup exists here. What went wrong after the manifest stood is returned: the backup is
 * whole, only checksums.txt does not list it yet.
 */
export async function publish(
  destination: Destination,
  staged: readonly StagedFile[],
  what: Publication,
): Promise<Failure | null> {
  for (const file of staged) await file.publish();
  await putOnce(destination, formatBackupFile(what.id, { kind: "sha256" }), {
    text: what.ownHashText,
    runId: what.runId,
  });
  if (what.signatureText !== null)
    await putOnce(destination, formatBackupFile(what.id, manifestSignature), {
      text: what.signatureText,
      runId: what.runId,
    });
  for (const { name, text } of what.beside ?? [])
    await putOnce(destination, name, { text, runId: what.runId });
  await destination.sync();
  await putOnce(destination, formatBackupFile(what.id, { kind: "manifest" }), {
    text: what.manifestText,
    runId: what.runId,
  });
  await destination.sync();
  try {
    await destination.checksums?.add(what.lines);
    return null;
  } catch (error) {
    return asFailure(
      error,
      "destination.io",
      `Cannot list "${what.id}" in the checksums.txt of "${destination.name}"`,
    );
  }
}

/** How publishing at one destination ended; nothing is left to do when both are null. */
export interface PublishEnd {
  /** Why no backup exists there (or nobody can tell). */
  readonly failure: Failure | null;
  /** Why checksums.txt does not list it. */
  readonly unlisted: Failure | null;
}

/** What came of publishing at some destinations. */
export interface Published {
  readonly copies: readonly CopyReport[];
  /** Where the backup now exists. */
  readonly at: readonly Destination[];
  /** What lacks although the backup exists: lines for people. */
  readonly gaps: readonly string[];
  /** False: the journal must stay, so that the next run finishes or removes what stands there. */
  readonly isSettled: boolean;
}

/** As publish, with a second try: what failed may have been done all the same, or may be over a moment later. Never throws. */
export async function tryPublish(
  destination: Destination,
  staged: readonly StagedFile[],
  what: Publication,
): Promise<PublishEnd> {
  const first = await publish(destination, staged, what).catch(() => undefined);
  if (first === null) return { failure: null, unlisted: null };
  try {
    return { failure: null, unlisted: await publish(destination, staged, what) };
  } catch (error) {
    const doing = `Cannot publish "${what.id}" at "${destination.name}"`;
    return { failure: asFailure(error, "destination.io", doing), unlisted: null };
  }
}

async function putOnce(
  destination: Destination,
  name: string,
  { text, runId }: { readonly text: string; readonly runId: string },
): Promise<void> {
  if ((await destination.stat(name)) !== null && (await destination.read(name)).equals(Buffer.from(text)))
    return;
  await destination.put(name, Buffer.from(text), runId);
}
