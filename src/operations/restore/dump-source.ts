import { pipeline, Readable } from "node:stream";
import type { Manifest, ManifestFile, PostgresFacts } from "../../domain/backups/manifest.ts";
import { Failure } from "../../domain/failure.ts";
import { type Decryptor, isAgeFile } from "../../encryption/encryption.ts";
import {
  type Compression,
  createDecoder,
  decodeFailure,
  sniffCompression,
} from "../../platform/compression.ts";
import { readToEnd } from "../../platform/read-to-end.ts";
import { isArchive } from "../../postgres/postgres.ts";
import { type BackupFiles, demandHash } from "./backup-files.ts";
import { openBare, readHead } from "./bare-file.ts";
import { ownHashBeside } from "./own-hash-beside.ts";
import { openPlain, readPlain, unseal } from "./unseal.ts";

/** A dump to restore, wherever it lies, with all that is known about it. */
export interface DumpSource {
  /** For messages. */
  readonly name: string;
  readonly format: "sql" | "custom";
  /** Null for a bare file without a manifest beside it. */
  readonly facts: PostgresFacts | null;
  readonly expected: { readonly sizeBytes: number; readonly sha256: string } | null;
  /** Whether anything tells which bytes it had when it was made. */
  readonly isHashKnown: boolean;
  readonly sizeBytes: number;
  readonly globals: Buffer | null;
  readonly header: Buffer | null;
  /** Where it lies on this machine without compression and encryption; null: nowhere. */
  readonly localPath: string | null;
  /** A fresh stream of the dump without compression. */
  openDump(): Promise<Readable>;
  /** Hashes what is stored before anything is sent. Throws "backup.mismatch"; does nothing where no hash is known. */
  checkFirst(signal: AbortSignal, onBytes: (doneBytes: number) => void): Promise<void>;
}

/**
 * The dump of a backup. Globals and header are read at once and must be what the manifest says: their statements
 * are run on the server. `decryptor` opens an encrypted one. Throws "backup.mismatch", and as reading and unseal throw.
 */
export async function dumpOfBackup(files: BackupFiles, decryptor: Decryptor | null): Promise<DumpSource> {
  const manifest = await unseal(files, decryptor);
  const dump = manifest.files.find((file) => file.role === "dump");
  if (dump === undefined) {
    throw new Failure(
      "postgres.restore-refused",
      `Cannot restore "${manifest.id}" into a database: it is a ${manifest.kind}, not a dump`,
      { hint: "Give --to a directory." },
    );
  }
  const small = (role: ManifestFile["role"]) => readSmall(files, { manifest, role, decryptor });
  const open = async () => (await openPlain(files, dump, decryptor)).stream;
  return {
    name: files.name,
    format: manifest.postgres?.format ?? (await formatOf(dump.path, dump.compression, await open())),
    facts: manifest.adopted ? null : manifest.postgres,
    expected: dump.content,
    isHashKnown: true,
    sizeBytes: dump.sizeBytes,
    globals: await small("globals"),
    header: await small("database"),
    localPath: isPlain(dump) ? files.localPath(dump.path) : null,
    openDump: async () => decoded(dump.path, dump.compression, await open()),
    checkFirst: (signal, onBytes) => demandHash(files, dump, { signal, onBytes }),
  };
}

function isPlain({ compression, encryption }: ManifestFile): boolean {
  return compression === "none" && encryption === undefined;
}

interface SmallFile {
  /** Unsealed. */
  readonly manifest: Manifest;
  readonly role: ManifestFile["role"];
  readonly decryptor: Decryptor | null;
}

/** Null when the backup has no such file. */
async function readSmall(
  files: BackupFiles,
  { manifest, role, decryptor }: SmallFile,
): Promise<Buffer | null> {
  const file = manifest.files.find((candidate) => candidate.role === role);
  return file === undefined ? null : readPlain(files, file, decryptor);
}

/**
 * A file on this machine without a manifest: what its bytes say, and what a NAME.sha256 beside it says of them, of the
 * globals and of the header, whose statements are run on the server. Throws "backup.mismatch" where these were changed.
 */
export async function dumpOfFile(path: string, decryptor: Decryptor | null): Promise<DumpSource> {
  const { head, sizeBytes } = await readHead(path);
  const open = () => openBarePlain(path, decryptor);
  const compression = sniffCompression(await headOf(await open()));
  const beside = await ownHashBeside(path);
  const small = async (kind: "globals" | "database") => {
    const file = (await beside?.findSmall(kind)) ?? null;
    return file === null ? null : readToEnd(await openBarePlain(file, decryptor));
  };
  return {
    name: path,
    format: await formatOf(path, compression, await open()),
    facts: null,
    expected: null,
    isHashKnown: beside !== null,
    sizeBytes,
    globals: await small("globals"),
    header: await small("database"),
    localPath: compression === "none" && !isAgeFile(head) ? path : null,
    openDump: async () => decoded(path, compression, await open()),
    checkFirst: async (signal, onBytes) => beside?.demand(path, { signal, onBytes }),
  };
}

/** A file on this machine without its encryption, where it has any. Throws "encryption.no-identity" when that takes a key and there is none. */
export async function openBarePlain(path: string, decryptor: Decryptor | null): Promise<Readable> {
  const { head } = await readHead(path);
  if (!isAgeFile(head)) return openBare(path);
  if (decryptor !== null) return (await decryptor.open(await openBare(path), path)).stream;
  throw new Failure("encryption.no-identity", `Cannot read "${path}": it is encrypted`, {
    hint: "Give the secret key with --identity FILE.",
  });
}

/** The first bytes of a stream, which is ended: at least 16 where it has so many. */
export async function headOf(stream: Readable): Promise<Buffer> {
  let head = Buffer.alloc(0);
  for await (const chunk of stream) {
    head = Buffer.concat([head, chunk]);
    if (head.length >= 16) break;
  }
  return head;
}

/** Looks also inside a compressed file. */
async function formatOf(name: string, compression: Compression, stored: Readable): Promise<"sql" | "custom"> {
  return isArchive(await headOf(decoded(name, compression, stored))) ? "custom" : "sql";
}

/** The stream fails with "backup.mismatch" when the bytes cannot be decoded. */
function decoded(name: string, compression: Compression, stored: Readable): Readable {
  const decoder = createDecoder(compression);
  if (decoder === null) return stored;
  // Whoever reads it hears of every error; the callback only keeps it from being thrown twice.
  pipeline(stored, decoder, () => undefined);
  const output = Readable.from(namingFailures(name, decoder), { objectMode: false });
  // Also when it is destroyed before anybody has read of it.
  return output.once("close", () => decoder.destroy());
}

async function* namingFailures(name: string, decoder: Readable): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of decoder) yield chunk;
  } catch (error) {
    throw decodeFailure(name, error);
  }
}
