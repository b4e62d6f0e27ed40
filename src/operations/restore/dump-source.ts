import { createReadStream } from "node:fs";
import { open, readFile, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { PassThrough, type Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { formatBackupFile, parseBackupFile } from "../../domain/backup-file.ts";
import { errnoOf, Failure } from "../../domain/failure.ts";
import type { ManifestFile, PostgresFacts } from "../../domain/manifest.ts";
import { parseManifest } from "../../domain/manifest-text.ts";
import {
  type Compression,
  createDecoder,
  decodeFailure,
  sniffCompression,
} from "../../platform/compression.ts";
import { hashStream } from "../delivery/read-back.ts";
import type { ChosenCopy } from "./choose-copy.ts";

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

/** From a copy at a destination; `database` chooses among nothing: a backup holds one. */
export async function dumpOfCopy({ destination, stored }: ChosenCopy): Promise<DumpSource> {
  const { manifest } = stored;
  const dump = manifest.files.find((file) => file.role === "dump");
  if (dump === undefined) {
    throw new Failure(
      "postgres.restore-refused",
      `Cannot restore "${manifest.id}" into a database: it is a ${manifest.kind}, not a dump`,
      {
        hint: "Give --to a directory.",
      },
    );
  }
  const small = async (role: ManifestFile["role"]): Promise<Buffer | null> => {
    const file = manifest.files.find((candidate) => candidate.role === role);
    if (!file) return null;
    const bytes = await destination.read(file.path);
    demandRight(file, {
      sizeBytes: bytes.length,
      sha256: (await hashStream(streamOf(bytes), neverAborted, () => {})).sha256,
    });
    return bytes;
  };
  return {
    name: dump.path,
    format: manifest.postgres?.format ?? "sql",
    facts: manifest.adopted ? null : manifest.postgres,
    expected: dump.content,
    sizeBytes: dump.sizeBytes,
    globals: await small("globals"),
    header: await small("database"),
    openDump: async () => decoded(dump.path, dump.compression, (await destination.open(dump.path)).stream),
    async checkFirst(signal, onBytes) {
      const opened = await destination.open(dump.path);
      demandRight(dump, await hashStream(opened.stream, signal, onBytes));
    },
  };
}

const neverAborted = new AbortController().signal;

function streamOf(bytes: Buffer): Readable {
  const stream = new PassThrough();
  stream.end(bytes);
  return stream;
}

function demandRight(
  file: ManifestFile,
  found: { readonly sizeBytes: number; readonly sha256: string },
): void {
  if (found.sha256 === file.sha256 && found.sizeBytes === file.sizeBytes) return;
  throw new Failure(
    "backup.mismatch",
    `Cannot restore "${file.path}": it has other bytes than when it was made`,
    {
      hint: 'Restore from another copy; "codex-backup verify" tells which copies are good.',
    },
  );
}

/** From a file on this machine; a manifest beside it is used when there is one. */
export async function dumpOfFile(path: string): Promise<DumpSource> {
  const described = await manifestBeside(path);
  if (described !== null) return described;
  const { head, sizeBytes } = await readHead(path);
  const compression = sniffCompression(head);
  const format = await formatOf(path, compression);
  return {
    name: path,
    format,
    facts: null,
    expected: null,
    sizeBytes,
    globals: null,
    header: null,
    openDump: async () => decoded(path, compression, createReadStream(path, { highWaterMark: 1024 * 1024 })),
    checkFirst: async () => {},
  };
}

async function manifestBeside(path: string): Promise<DumpSource | null> {
  const parsed = parseBackupFile(basename(path));
  if (parsed?.file.kind !== "dump") return null;
  const directory = dirname(path);
  const manifestPath = join(directory, formatBackupFile(parsed.base, { kind: "manifest" }));
  const bytes = await readFile(manifestPath).catch((error: unknown) => {
    if (errnoOf(error) === "ENOENT") return null;
    throw error;
  });
  if (bytes === null) return null;
  const manifest = parseManifest(bytes, manifestPath);
  const dump = manifest.files.find((file) => file.role === "dump" && file.path === basename(path));
  if (dump === undefined) return null;
  const fileOf = async (role: ManifestFile["role"]) => {
    const file = manifest.files.find((candidate) => candidate.role === role);
    return file ? readFile(join(directory, file.path)) : null;
  };
  const openStored = () => createReadStream(path, { highWaterMark: 1024 * 1024 });
  return {
    name: path,
    format: manifest.postgres?.format ?? "sql",
    facts: manifest.adopted ? null : manifest.postgres,
    expected: dump.content,
    sizeBytes: dump.sizeBytes,
    globals: await fileOf("globals"),
    header: await fileOf("database"),
    openDump: async () => decoded(path, dump.compression, openStored()),
    checkFirst: async (signal, onBytes) => demandRight(dump, await hashStream(openStored(), signal, onBytes)),
  };
}

async function readHead(path: string): Promise<{ readonly head: Buffer; readonly sizeBytes: number }> {
  try {
    const { size } = await stat(path);
    const file = await open(path, "r");
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(16), 0, 16, 0);
      return { head: buffer.subarray(0, bytesRead), sizeBytes: size };
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new Failure("platform.file", `Cannot read "${path}": ${errnoOf(error) ?? String(error)}`, {
      hint: "Name a backup (codex-backup list) or a dump file that can be read.",
      cause: error,
    });
  }
}

/** Custom archives start with PGDMP, also inside a compressed file. */
async function formatOf(path: string, compression: Compression): Promise<"sql" | "custom"> {
  const stream = await decoded(path, compression, createReadStream(path));
  let head = Buffer.alloc(0);
  for await (const chunk of stream) {
    head = Buffer.concat([head, chunk]);
    if (head.length >= 5) break;
  }
  return head.subarray(0, 5).toString("latin1") === "PGDMP" ? "custom" : "sql";
}

/** The stream fails with "backup.mismatch" when the bytes cannot be decoded. */
function decoded(name: string, compression: Compression, stored: Readable): Readable {
  const decoder = createDecoder(compression);
  if (decoder === null) return stored;
  const output = new PassThrough({ highWaterMark: 1024 * 1024 });
  pipeline(stored, decoder, output).catch((error: unknown) => output.destroy(decodeFailure(name, error)));
  return output;
}
