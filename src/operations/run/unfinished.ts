import type { Destination, OpenedFile, StagedFile } from "../../destinations/destination.ts";
import { formatBackupFile, manifestSignature } from "../../domain/backups/backup-file.ts";
import type { ManifestFile } from "../../domain/backups/manifest.ts";
import { hashStream, weakerSource } from "../delivery/read-back.ts";
import type { Beside } from "./publish.ts";
import type { Sealed } from "./seal.ts";

/** A backup that a run was about to publish. */
export interface Unfinished {
  readonly sealed: Sealed;
  readonly runId: string;
  readonly signal: AbortSignal;
  /** What was to lie beside it here. */
  readonly beside: readonly Beside[];
}

/** One of its files, with exactly the bytes that its manifest says. */
interface FoundFile {
  /** Null when it has its final name already. */
  readonly staged: StagedFile | null;
  readonly source: OpenedFile["source"];
}

/** What of a backup stands at a destination, staged or under its final names; null for each file that does not. */
export interface Remains {
  readonly files: readonly (FoundFile | null)[];
  readonly isWhole: boolean;
  /** How its bytes were read just now; the weakest of them. */
  readonly readBack: OpenedFile["source"];
}

/** Hashes whatever is there. Staged files with other bytes are discarded: nothing can come of them. */
export async function findRemains(destination: Destination, unfinished: Unfinished): Promise<Remains> {
  const files: (FoundFile | null)[] = [];
  for (const file of unfinished.sealed.manifest.files) {
    files.push(await findFile(destination, file, unfinished));
  }
  const found = files.filter((file) => file !== null);
  return {
    files,
    isWhole: found.length === files.length,
    readBack: found.map((file) => file.source).reduce(weakerSource, "direct"),
  };
}

async function findFile(
  destination: Destination,
  file: ManifestFile,
  { runId, signal }: Unfinished,
): Promise<FoundFile | null> {
  const staged = await destination.resume(file.path, runId);
  if (staged !== null) {
    const { stream, source } = await staged.readBack();
    const { sha256 } = await hashStream(stream, signal, () => {});
    if (sha256 === file.sha256) return { staged, source };
    await staged.discard();
  }
  const stored = await destination.stat(file.path);
  if (stored === null || stored.sizeBytes !== file.sizeBytes) return null;
  const { stream, source } = await destination.open(file.path, { direct: true });
  const { sha256 } = await hashStream(stream, signal, () => {});
  return sha256 === file.sha256 ? { staged: null, source } : null;
}

/** Only files with our bytes are removed: another tool's file of this name stays. False when there was nothing. */
export async function removeRemains(
  destination: Destination,
  { sealed: { manifest, ownHashText, signatureText }, beside }: Pick<Unfinished, "sealed" | "beside">,
  { files }: Remains,
): Promise<boolean> {
  for (const [index, { path }] of manifest.files.entries()) {
    const ours = files[index];
    if (ours?.staged) await ours.staged.discard();
    else if (ours) await destination.remove(path);
  }
  const hasOwnHash = await removeIfOurs(
    destination,
    formatBackupFile(manifest.id, { kind: "sha256" }),
    ownHashText,
  );
  const hasSignature =
    signatureText !== null &&
    (await removeIfOurs(destination, formatBackupFile(manifest.id, manifestSignature), signatureText));
  for (const { name, text } of beside) await removeIfOurs(destination, name, text);
  await destination.sync();
  return hasOwnHash || hasSignature || files.some((file) => file !== null);
}

async function removeIfOurs(destination: Destination, name: string, text: string): Promise<boolean> {
  const isStored = (await destination.stat(name)) !== null;
  const isOurs = isStored && (await destination.read(name)).equals(Buffer.from(text));
  if (isOurs) await destination.remove(name);
  return isOurs;
}

/**
 * Takes back what a failed publication left. Never throws: false when the backup stands after all (its
 * manifest does), or when nobody can tell.
 */
export async function withdraw(destination: Destination, unfinished: Unfinished): Promise<boolean> {
  const { sealed } = unfinished;
  try {
    const manifest = formatBackupFile(sealed.manifest.id, { kind: "manifest" });
    if ((await destination.stat(manifest)) !== null) return false;
    await removeRemains(destination, unfinished, await findRemains(destination, unfinished));
    return true;
  } catch {
    return false; // the failure to publish is the one to tell; the journal stays for the next run
  }
}
