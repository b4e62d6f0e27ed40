import type { Duplex, Readable } from "node:stream";
import zlib from "node:zlib";
import { asFailure, errnoOf, Failure } from "../domain/failure.ts";
import { type Child, describeEnd, startChild, succeeded } from "./child.ts";

export type Compression = "none" | "gzip" | "zstd";

export interface Compressed {
  /** The compressed bytes, to be read at once (Node discards what a child has left unread when it ends) and to the end. */
  readonly stream: Readable;
  /** Settles when the compressor is done; throws Failure "platform.compressor" when it did not end well. */
  finish(): Promise<void>;
  /** Ends it early. May be called twice. */
  cancel(): void;
}

/** Bytes of zlib's output pieces: large ones spare trips through the thread pool. */
const pieceBytes = 1024 * 1024;

/**
 * Compresses a stream that nobody reads yet. Zstd goes through the `zstd` program when the machine has it
 * (the source's descriptor is handed over, so raw bytes never pass through this process, and it uses every
 * core); else through Node's own, in one thread. Both write the content checksum.
 */
export async function compress(
  kind: Compression,
  source: Readable,
  env: Readonly<Record<string, string>>,
): Promise<Compressed> {
  if (kind === "none") return { stream: source, finish: async () => {}, cancel: () => source.destroy() };
  if (kind === "zstd") {
    const child = await startZstd(source, env);
    if (child) return child;
  }
  return compressInside(kind, source);
}

async function startZstd(
  source: Readable,
  env: Readonly<Record<string, string>>,
): Promise<Compressed | null> {
  let child: Child;
  try {
    // Level 1: the window on the database counts more than the last percent of size.
    child = await startChild({
      program: "zstd",
      args: ["-1", "-T0", "--check", "-q", "-c"],
      env,
      stdin: source,
      stdout: "pipe",
    });
  } catch (error) {
    if (error instanceof Failure && error.context.errno === "ENOENT") return null;
    throw error;
  }
  // The child has its own descriptor now; ours must go, else the source's writer never sees a broken pipe.
  source.destroy();
  const stream = child.stdout;
  if (stream === null) throw new Failure("platform.compressor", "Cannot read from zstd: it has no output");
  return { stream, finish: () => finishZstd(child), cancel: () => child.kill() };
}

async function finishZstd(child: Child): Promise<void> {
  const end = await child.ended;
  if (succeeded(end)) return;
  throw new Failure(
    "platform.compressor",
    `Cannot compress: zstd ended with ${describeEnd(end)}: ${end.stderr.trim()}`,
  );
}

function compressInside(kind: "gzip" | "zstd", source: Readable): Compressed {
  const engine =
    kind === "gzip" ? zlib.createGzip({ chunkSize: pieceBytes }) : zlib.createZstdCompress(zstdOptions());
  source.once("error", (error) => engine.destroy(error));
  source.pipe(engine);
  return { stream: engine, finish: async () => {}, cancel: () => engine.destroy() };
}

function zstdOptions(): zlib.ZstdOptions {
  const { ZSTD_c_compressionLevel, ZSTD_c_checksumFlag } = zlib.constants;
  return { chunkSize: pieceBytes, params: { [ZSTD_c_compressionLevel]: 1, [ZSTD_c_checksumFlag]: 1 } };
}

/**
 * A decoder to put into a pipeline. Corrupt input makes it fail; a truncated stream may end without an
 * error (nodejs/node#64592), so callers compare length and hash, or look for the end mark of what is inside.
 */
export function createDecoder(kind: Compression): Duplex | null {
  if (kind === "none") return null;
  return kind === "gzip"
    ? zlib.createGunzip({ chunkSize: pieceBytes })
    : zlib.createZstdDecompress({ chunkSize: pieceBytes });
}

/** What the first bytes say: gzip and zstd have magic numbers (RFC 1952, RFC 8878). */
export function sniffCompression(head: Uint8Array): Compression {
  const [a, b, c, d] = head;
  if (a === 0x1f && b === 0x8b) return "gzip";
  if (a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd) return "zstd";
  return "none";
}

/** What zlib and zstd say of bytes that no encoder wrote. Anything else (memory, descriptors) says nothing of the file. */
const corruptInput = /^(Z_DATA_ERROR|Z_BUF_ERROR|Z_NEED_DICT|ZSTD_error_(?!memory_allocation$).*)$/;

/** Of what a decoder's pipeline threw: "backup.mismatch" for corrupt input, "platform.compressor" for the rest. */
export function decodeFailure(name: string, thrown: unknown): Failure {
  const isCorrupt = corruptInput.test(errnoOf(thrown) ?? "");
  return asFailure(thrown, isCorrupt ? "backup.mismatch" : "platform.compressor", `Cannot decode "${name}"`);
}
