import { join } from "node:path";
import type { Destination } from "../../destinations/destination.ts";
import type { ManifestFile } from "../../domain/backups/manifest.ts";
import { Failure } from "../../domain/failure.ts";
import type { Decryptor } from "../../encryption/encryption.ts";
import { decodeFailure } from "../../platform/compression.ts";
import type { Context } from "../context.ts";
import { hashStream, weakerSource } from "../delivery/read-back.ts";
import { withLocalFile } from "../local-file.ts";
import type { VerifyLevel } from "../operation.ts";
import { filesOfCopy } from "../restore/backup-files.ts";
import { readDumpFile } from "../run/read-dump-file.ts";
import type { StoredBackup } from "../stored-backup.ts";
import { checkSealed } from "./check-sealed.ts";
import { differencesOfDump, sameEntries, sourceOf } from "./compare-content.ts";

export interface CopyCheck {
  readonly stored: StoredBackup;
  readonly level: VerifyLevel;
  readonly signal: AbortSignal;
  /** Opens an encrypted copy; without one it is checked to its hashes. */
  readonly decryptor?: Decryptor | null;
}

export interface CheckedFiles {
  /** Reached when there are no differences. */
  readonly level: VerifyLevel;
  readonly readBack: "direct" | "cached" | null;
  readonly checkedFiles: number;
  /** What is wrong, one line each. */
  readonly differences: readonly string[];
}

/** Compares every file of a copy with the manifest, as far as the level says. */
export async function checkCopy(
  context: Context,
  destination: Destination,
  check: CopyCheck,
): Promise<CheckedFiles> {
  const { files, encryption } = check.stored.manifest;
  if (encryption !== undefined && check.level === "read") return checkEncrypted(context, destination, check);
  let readBack: CheckedFiles["readBack"] = null;
  const differences: string[] = [];
  for (const file of files) {
    const found = await checkFile(context, destination, { ...check, file });
    differences.push(...found.differences);
    if (found.source !== null)
      readBack = readBack === null ? found.source : weakerSource(readBack, found.source);
  }
  if (files.length === 0) differences.push("its manifest names no file: nothing could be checked");
  return { level: check.level, readBack, checkedFiles: files.length, differences };
}

/** Hashed first: only of bytes that are as they were stored it can be said what is wrong inside. */
async function checkEncrypted(
  context: Context,
  destination: Destination,
  check: CopyCheck,
): Promise<CheckedFiles> {
  const { stored, decryptor = null, signal } = check;
  const hashed = await checkCopy(context, destination, { ...check, level: "hashed" });
  if (decryptor === null || hashed.differences.length > 0) return hashed;
  const files = filesOfCopy({ destination, stored });
  return { ...hashed, level: "read", differences: await checkSealed(context, { files, decryptor, signal }) };
}

interface FileCheck extends CopyCheck {
  readonly file: ManifestFile;
}

interface FileFinding {
  readonly source: "direct" | "cached" | null;
  readonly differences: readonly string[];
}

async function checkFile(context: Context, destination: Destination, check: FileCheck): Promise<FileFinding> {
  const { file, level } = check;
  const stored = await destination.stat(file.path);
  if (stored === null) return { source: null, differences: [`"${file.path}" is missing`] };
  if (stored.sizeBytes !== file.sizeBytes) {
    return {
      source: null,
      differences: [`"${file.path}" has ${stored.sizeBytes} bytes instead of ${file.sizeBytes}`],
    };
  }
  if (level === "stored") return { source: null, differences: [] };
  const hashed = await hashFile(context, destination, check);
  if (level === "hashed" || hashed.differences.length > 0) return hashed;
  if (file.role === "dump") return { ...hashed, differences: await readDump(context, destination, check) };
  if (file.role === "capsule")
    return { ...hashed, differences: await readCapsule(context, destination, check) };
  return hashed;
}

async function hashFile(
  context: Context,
  destination: Destination,
  { file, stored, signal }: FileCheck,
): Promise<FileFinding> {
  const opened = await destination.open(file.path, { direct: true });
  const read = await hashStream(opened.stream, signal, progressOf(context, stored, file));
  const isEqual = read.sha256 === file.sha256 && read.sizeBytes === file.sizeBytes;
  const differences = isEqual ? [] : [`"${file.path}" has other bytes than when it was made`];
  return { source: opened.source, differences };
}

function progressOf(
  context: Context,
  { manifest }: StoredBackup,
  file: ManifestFile,
): (doneBytes: number) => void {
  return (doneBytes) =>
    context.onProgress({
      subject: manifest.job,
      step: "verify",
      doneBytes,
      totalBytes: file.sizeBytes,
      current: file.path,
    });
}

async function readDump(
  context: Context,
  destination: Destination,
  { stored, file, signal }: FileCheck,
): Promise<readonly string[]> {
  const facts = stored.manifest.postgres;
  if (facts === null)
    return [`"${file.path}" cannot be read: the manifest does not say what database it is of`];
  const source = sourceOf(context, stored.manifest.job);
  const dump = { name: file.path, format: facts.format, compression: file.compression, source };
  const opened = await destination.open(file.path);
  try {
    const found = await readDumpFile(context.postgres, dump, {
      stored: opened.stream,
      signal,
      onBytes: () => {},
    });
    if (!found.read.isComplete) return [`"${file.path}" does not end in pg_dump's trailer`];
    return differencesOfDump(file.path, facts.fingerprint, found.read.fingerprint);
  } catch (error) {
    const failure = decodeFailure(file.path, error);
    if (signal.aborted || failure.meaning.exit !== 4) throw failure;
    return [`"${file.path}": ${failure.message}`];
  }
}

async function readCapsule(
  context: Context,
  destination: Destination,
  { stored, file, signal }: FileCheck,
): Promise<readonly string[]> {
  const place = {
    localPath: destination.localPath(file.path),
    open: () => destination.open(file.path),
    workPath: join(context.statePath, "work"),
  };
  try {
    const { check, checkForeign } = context.capsules;
    const read = stored.manifest.adopted ? checkForeign : check;
    const entries = await withLocalFile(place, (path) => read(path, { signal }));
    return sameEntries(stored.manifest.capsule?.entries ?? [], entries)
      ? []
      : [`"${file.path}" does not hold the entries that its manifest lists`];
  } catch (error) {
    if (signal.aborted || !(error instanceof Failure) || error.meaning.exit !== 4) throw error;
    return [`"${file.path}": ${error.message}`];
  }
}
