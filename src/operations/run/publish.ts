import type { Destination, StagedFile } from "../../destinations/destination.ts";
import { formatBackupFile } from "../../domain/backup-file.ts";
import type { ChecksumLine } from "../../domain/checksum-line.ts";

export interface Publication {
  readonly runId: string;
  readonly id: string;
  readonly manifestText: string;
  readonly ownHashText: string;
  readonly lines: readonly ChecksumLine[];
}

/**
 * Gives a whole backup its final names at one destination, in the order of STATE: data, own hash, manifest
 * last, then the directory's checksums. Each step may have been done by a run that died: it is not repeated.
 * Until the manifest is there, no backup exists here.
 */
export async function publish(
  destination: Destination,
  staged: readonly StagedFile[],
  what: Publication,
): Promise<void> {
  for (const file of staged) await file.publish();
  await putOnce(destination, formatBackupFile(what.id, { kind: "sha256" }), {
    text: what.ownHashText,
    runId: what.runId,
  });
  await destination.sync();
  await putOnce(destination, formatBackupFile(what.id, { kind: "manifest" }), {
    text: what.manifestText,
    runId: what.runId,
  });
  await destination.sync();
  await destination.checksums?.add(what.lines);
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
