import { createHash } from "node:crypto";
import type { Destination, StagedFile } from "../../destinations/destination.ts";
import { formatBackupFile } from "../../domain/backup-file.ts";
import { messageOf } from "../../domain/failure.ts";
import type { Job } from "../../domain/job.ts";
import type { Manifest, ManifestFile } from "../../domain/manifest.ts";
import { parseManifest } from "../../domain/manifest-text.ts";
import type { Context } from "../context.ts";
import { hashStream } from "../delivery/read-back.ts";
import { type Journal, readJournals, removeJournal } from "./journal.ts";
import { publish } from "./publish.ts";
import { recordBackup, recordCopy } from "./record.ts";
import { type Sealed, seal } from "./seal.ts";
import { sweepStaged } from "./sweep.ts";

/**
 * Puts right what dead runs of a job left, before a new one starts (its lock is held): backups under a
 * journal are finished where every file is there, else their files are removed; what they had staged is
 * swept. Returns one line for each thing done. What cannot be mended now is told and tried again next time.
 */
export async function recover(context: Context, job: Job, signal: AbortSignal): Promise<readonly string[]> {
  const done: string[] = [];
  for (const journal of await readJournals(context.statePath)) {
    if (journal.job === job.name) done.push(...(await rollForward(context, journal, signal)));
  }
  if (job.kind === "postgres" || job.kind === "capsule") done.push(...(await sweepStaged(context, job)));
  return done;
}

async function rollForward(
  context: Context,
  journal: Journal,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const manifest = parseManifest(Buffer.from(journal.manifestText), `${journal.runId}.journal.json`);
  const sealed = seal(manifest);
  const done: string[] = [];
  let isSettled = true;
  for (const name of journal.destinations) {
    const destination = context.destinations.get(name);
    try {
      if (destination) done.push(...(await finishAt(context, destination, { journal, sealed, signal })));
    } catch (error) {
      isSettled = false;
      done.push(`could not finish "${journal.id}" at "${name}" yet: ${messageOf(error)}`);
    }
  }
  if (isSettled) await removeJournal(context.statePath, journal.runId);
  return done;
}

interface Unfinished {
  readonly journal: Journal;
  readonly sealed: Sealed;
  readonly signal: AbortSignal;
}

async function finishAt(
  context: Context,
  destination: Destination,
  { journal, sealed, signal }: Unfinished,
): Promise<readonly string[]> {
  const { manifest } = sealed;
  const facts = await destination.ready();
  const stands = await destination.stat(formatBackupFile(manifest.id, { kind: "manifest" }));
  const found = await Promise.all(
    manifest.files.map((file) => findFile(destination, { file, runId: journal.runId, signal })),
  );
  const isWhole = found.every((file) => file !== null);
  if (!isWhole && stands === null) {
    await removeOurs(destination, manifest, found);
    return [`removed what run ${journal.runId} left of "${manifest.id}" at "${destination.name}"`];
  }
  const staged = found
    .filter((file) => file !== null)
    .map((file) => file.staged)
    .filter((file) => file !== null);
  await publish(destination, staged, { runId: journal.runId, id: manifest.id, ...sealed });
  recordBackup(context, sealed);
  const readBack = manifest.checked.copies[facts.id] ?? null;
  const copy = {
    destination: destination.name,
    destinationId: facts.id,
    level: manifest.checked.level,
    readBack,
  };
  recordCopy(context, sealed, copy);
  return stands === null
    ? [`finished "${manifest.id}" at "${destination.name}", which run ${journal.runId} had begun`]
    : [];
}

interface FoundFile {
  /** Null when it has its final name already. */
  readonly staged: StagedFile | null;
}

interface Sought {
  readonly file: ManifestFile;
  readonly runId: string;
  readonly signal: AbortSignal;
}

/** A file of the journal, staged or published, with the bytes that the manifest says; else null. */
async function findFile(
  destination: Destination,
  { file, runId, signal }: Sought,
): Promise<FoundFile | null> {
  const staged = await destination.resume(file.path, runId);
  if (staged !== null) {
    const { sha256 } = await hashStream((await staged.readBack()).stream, signal, () => {});
    if (sha256 === file.sha256) return { staged };
    await staged.discard();
  }
  const stored = await destination.stat(file.path);
  if (stored === null || stored.sizeBytes !== file.sizeBytes) return null;
  const { sha256 } = await hashStream((await destination.open(file.path)).stream, signal, () => {});
  return sha256 === file.sha256 ? { staged: null } : null;
}

/** Only files that were found with our bytes are removed: another tool's file of this name stays. */
async function removeOurs(
  destination: Destination,
  manifest: Manifest,
  found: readonly (FoundFile | null)[],
): Promise<void> {
  for (const [index, file] of manifest.files.entries()) {
    const ours = found[index];
    if (ours?.staged) await ours.staged.discard();
    else if (ours) await destination.remove(file.path);
  }
  const ownHash = formatBackupFile(manifest.id, { kind: "sha256" });
  const lines = createHash("sha256").update(seal(manifest).ownHashText).digest("hex");
  if ((await destination.stat(ownHash)) !== null) {
    const stored = createHash("sha256")
      .update(await destination.read(ownHash))
      .digest("hex");
    if (stored === lines) await destination.remove(ownHash);
  }
  await destination.sync();
}
