import { createHash } from "node:crypto";
import { PassThrough, type Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ManifestFile, PostgresFacts } from "../../domain/backups/manifest.ts";
import { Failure } from "../../domain/failure.ts";
import {
  type Compression,
  createDecoder,
  decodeFailure,
  sniffCompression,
} from "../../platform/compression.ts";
import { isArchive } from "../../postgres/postgres.ts";
import { type BackupFiles, demandHash, mismatch } from "./backup-files.ts";
import { openBare, readHead } from "./bare-file.ts";

/** A dump to restore, wherever it lies, with all that is known about it. */
export interface DumpSource {
  /** For messages. */
  readonly name: string;
  readonly format: "sql" | "custom";
  /** Null for a bare file without a manifest beside it. */
  readonly facts: PostgresFacts | null;
  readonly expected: { readonly sizeBytes: number; readonly sha256: string } | null;
  readonly sizeBytes: number;
  readonly globals: Buffer | null;
  readonly header: Buffer | null;
  /** A fresh stream of the dump without compression. */
  openDump(): Promise<Readable>;
  /** Hashes what is stored before anything is sent. Throws "backup.mismatch"; does nothing where no hash is known. */
  checkFirst(signal: AbortSignal, onBytes: (doneBytes: number) => void): Promise<void>;
}

/**
 * The dump of a backup. Globals and header are read at once and must be what the manifest says: their statements
 * are run on the server. Throws "backup.mismatch", and as reading throws.
 */
export async function dumpOfBackup(files: BackupFiles): Promise<DumpSource> {
  const { manifest } = files;
  const dump = manifest.files.find((file) => file.role === "dump");
  if (dump === undefined) {
    throw new Failure(
      "postgres.restore-refused",
      `Cannot restore "${manifest.id}" into a database: it is a ${manifest.kind}, not a dump`,
      { hint: "Give --to a directory." },
    );
  }
  return {
    name: files.name,
    format: manifest.postgres?.format ?? "sql",
    facts: manifest.adopted ? null : manifest.postgres,
    expected: dump.content,
    sizeBytes: dump.sizeBytes,
    globals: await readSmall(files, "globals"),
    header: await readSmall(files, "database"),
    openDump: async () => decoded(dump.path, dump.compression, await files.open(dump.path)),
    checkFirst: (signal, onBytes) => demandHash(files, dump, { signal, onBytes }),
  };
}

/** Null when the backup has no such file. */
async function readSmall(files: BackupFiles, role: ManifestFile["role"]): Promise<Buffer | null> {
  const file = files.manifest.files.find((candidate) => candidate.role === role);
  if (file === undefined) return null;
  const bytes = await files.read(file.path);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  if (bytes.length === file.sizeBytes && sha256 === file.sha256) return bytes;
  throw mismatch(file);
}

/** A file on this machine of which nothing is known but what its bytes say. */
export async function dumpOfFile(path: string): Promise<DumpSource> {
  const { head, sizeBytes } = await readHead(path);
  const compression = sniffCompression(head);
  return {
    name: path,
    format: await formatOf(path, compression),
    facts: null,
    expected: null,
    sizeBytes,
    globals: null,
    header: null,
    openDump: async () => decoded(path, compression, await openBare(path)),
    checkFirst: async () => {},
  };
}

/** Looks also inside a compressed file. */
async function formatOf(path: string, compression: Compression): Promise<"sql" | "custom"> {
  const stream = decoded(path, compression, await openBare(path));
  let head = Buffer.alloc(0);
  for await (const chunk of stream) {
    head = Buffer.concat([head, chunk]);
    if (head.length >= 5) break;
  }
  return isArchive(head) ? "custom" : "sql";
}

/** The stream fails with "backup.mismatch" when the bytes cannot be decoded. */
function decoded(name: string, compression: Compression, stored: Readable): Readable {
  const decoder = createDecoder(compression);
  if (decoder === null) return stored;
  const output = new PassThrough({ highWaterMark: 1024 * 1024 });
  pipeline(stored, decoder, output).catch((error: unknown) => output.destroy(decodeFailure(name, error)));
  return output;
}
