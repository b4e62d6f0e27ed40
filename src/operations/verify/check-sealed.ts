import { parseBackupFile, unwrapped } from "../../domain/backups/backup-file.ts";
import type { Manifest, ManifestFile } from "../../domain/backups/manifest.ts";
import { Failure } from "../../domain/failure.ts";
import type { Decryptor } from "../../encryption/encryption.ts";
import { decodeFailure } from "../../platform/compression.ts";
import type { Context } from "../context.ts";
import type { BackupFiles } from "../restore/backup-files.ts";
import { withPlainFile } from "../restore/plain-file.ts";
import { openPlain, readPlain, unseal } from "../restore/unseal.ts";
import { readDumpFile } from "../run/read-dump-file.ts";
import { differencesOfDump, sameEntries, sourceOf } from "./compare-content.ts";

export interface SealedCheck {
  readonly files: BackupFiles;
  readonly decryptor: Decryptor;
  readonly signal: AbortSignal;
}

/**
 * Decrypts an encrypted backup to its end and compares what is inside with its private part; one line for each difference.
 * Throws "encryption.no-identity" for a key that does not fit, which says nothing of the copy.
 */
export async function checkSealed(context: Context, check: SealedCheck): Promise<readonly string[]> {
  const { files, decryptor, signal } = check;
  const differences: string[] = [];
  try {
    const manifest = await unseal(files, decryptor);
    for (const file of manifest.files) {
      differences.push(...(await checkFile(context, { ...check, manifest, file })));
    }
  } catch (error) {
    if (signal.aborted || !(error instanceof Failure) || error.meaning.exit !== 4) throw error;
    differences.push(error.message);
  }
  return differences;
}

interface SealedFile extends SealedCheck {
  /** Unsealed. */
  readonly manifest: Manifest;
  readonly file: ManifestFile;
}

async function checkFile(context: Context, check: SealedFile): Promise<readonly string[]> {
  const { files, decryptor, manifest, file, signal } = check;
  if (file.role === "dump") return checkDump(context, check);
  if (file.role !== "capsule") {
    await readPlain(files, file, decryptor);
    return [];
  }
  const { checkForeign, check: checkOurs } = context.capsules;
  const wish = { files, file, decryptor, signal, onBytes: () => {} };
  const entries = await withPlainFile(context, wish, (path) =>
    (manifest.adopted ? checkForeign : checkOurs)(path, { signal }),
  );
  // Of an adopted one nobody could look inside when it was described.
  if (manifest.capsule === null || sameEntries(manifest.capsule.entries, entries)) return [];
  return [`"${file.path}" does not hold the entries that its private part lists`];
}

async function checkDump(context: Context, check: SealedFile): Promise<readonly string[]> {
  const { files, decryptor, manifest, file, signal } = check;
  const dump = {
    name: file.path,
    format: manifest.postgres?.format ?? formatOf(file),
    compression: file.compression,
    source: sourceOf(context, manifest.job),
  };
  const { stream } = await openPlain(files, file, decryptor);
  try {
    const pass = { stored: stream, signal, onBytes: () => {} };
    const { content, read } = await readDumpFile(context.postgres, dump, pass);
    if (!read.isComplete) return [`"${file.path}" does not end in pg_dump's trailer`];
    if (file.content !== null && file.content.sha256 !== content.sha256)
      return [`"${file.path}" does not hold what was dumped`];
    if (manifest.postgres === null) return [];
    return differencesOfDump(file.path, manifest.postgres.fingerprint, read.fingerprint);
  } catch (error) {
    if (signal.aborted) throw error;
    throw decodeFailure(file.path, error);
  }
}

/** By its name, where nothing else tells. */
function formatOf({ path }: ManifestFile): "sql" | "custom" {
  const named = parseBackupFile(path);
  const inner = named === null ? null : unwrapped(named.file);
  return inner?.kind === "dump" ? inner.format : "sql";
}
