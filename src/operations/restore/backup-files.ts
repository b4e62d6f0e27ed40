import { basename, dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { formatBackupFile, parseBackupFile } from "../../domain/backups/backup-file.ts";
import type { Manifest, ManifestFile } from "../../domain/backups/manifest.ts";
import { parseManifest } from "../../domain/backups/manifest-text.ts";
import { Failure } from "../../domain/failure.ts";
import { statIfThere } from "../../platform/files.ts";
import { hashStream } from "../delivery/read-back.ts";
import { cannotRead, openBare, readBare } from "./bare-file.ts";
import type { ChosenCopy } from "./choose-copy.ts";

/** A backup with a manifest, wherever its files lie. */
export interface BackupFiles {
  /** For messages: the backup, or the path that the user gave. */
  readonly name: string;
  readonly manifest: Manifest;
  /** Where a file is on this machine; null when it is elsewhere. */
  localPath(file: string): string | null;
  /** A small file, whole. */
  read(file: string): Promise<Buffer>;
  /** A fresh stream of what is stored. */
  open(file: string): Promise<Readable>;
}

/** By the manifest beside a file on this machine. */
export interface FilesBeside extends BackupFiles {
  /** The name that all its files share. */
  readonly base: string;
  readonly manifestBytes: Buffer;
  localPath(file: string): string;
}

/** Reads where the copy lies; nothing is fetched or opened before it is asked for. */
export function filesOfCopy({ destination, stored }: ChosenCopy): BackupFiles {
  return {
    name: stored.manifest.id,
    manifest: stored.manifest,
    localPath: (file) => destination.localPath(file),
    read: (file) => destination.read(file),
    open: async (file) => (await destination.open(file)).stream,
  };
}

/**
 * By the manifest beside a dump or zip on this machine; null when there is none that lists it. Throws
 * "platform.file", "backup.manifest".
 */
export async function filesBeside(path: string): Promise<FilesBeside | null> {
  const parsed = parseBackupFile(basename(path));
  if (parsed === null) return null;
  const place = (file: string) => join(dirname(path), file);
  const manifestPath = place(formatBackupFile(parsed.base, { kind: "manifest" }));
  const found = await statIfThere(manifestPath).catch((error: unknown) => {
    throw cannotRead(manifestPath, error);
  });
  if (found === null) return null;
  const manifestBytes = await readBare(manifestPath);
  const manifest = parseManifest(manifestBytes, manifestPath);
  if (!manifest.files.some((file) => file.path === basename(path))) return null;
  return {
    name: path,
    base: parsed.base,
    manifest,
    manifestBytes,
    localPath: place,
    read: (file) => readBare(place(file)),
    open: (file) => openBare(place(file)),
  };
}

/** Hashes a file as it is stored. Throws "backup.mismatch" when it is not what the manifest says. */
export async function demandHash(
  files: BackupFiles,
  file: ManifestFile,
  pass: { readonly signal: AbortSignal; readonly onBytes: (doneBytes: number) => void },
): Promise<void> {
  const stream = await files.open(file.path);
  const found = await hashStream(stream, pass.signal, pass.onBytes).catch((error: unknown) => {
    throw pass.signal.aborted ? error : cannotRead(file.path, error);
  });
  if (found.sha256 === file.sha256 && found.sizeBytes === file.sizeBytes) return;
  throw mismatch(file);
}

/** The bytes that came are not those of the manifest: nothing of them may be committed. */
export function mismatch(file: ManifestFile): Failure {
  return new Failure(
    "backup.mismatch",
    `Cannot restore "${file.path}": it has other bytes than when it was made`,
    { hint: 'Restore from another copy; "codex-backup verify" tells which copies are good.' },
  );
}
