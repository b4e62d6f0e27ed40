import { PassThrough, type Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { messageOf } from "../../domain/failure.ts";
import type { PostgresSource } from "../../domain/jobs/source.ts";
import { type Compression, createDecoder } from "../../platform/compression.ts";
import type { Postgres, ReadDump } from "../../postgres/postgres.ts";
import type { Passed } from "../delivery/fan-out.ts";
import { createMeter } from "../delivery/read-back.ts";

export interface DumpFile {
  readonly name: string;
  readonly format: "sql" | "custom";
  readonly compression: Compression;
  /** Whose pg_restore reads custom archives. */
  readonly source: PostgresSource;
}

export interface DumpFileRead {
  /** Of the bytes as stored. */
  readonly stored: Passed;
  /** Of the bytes without compression (for a custom archive: the archive's, not its SQL's). */
  readonly content: Passed;
  readonly read: ReadDump;
}

/** Reads a stored dump to its end: hashes it as stored and as decoded, and takes its fingerprint. One pass. */
export async function readDumpFile(
  postgres: Postgres,
  file: DumpFile,
  {
    stored,
    signal,
    onBytes,
  }: { stored: Readable; signal: AbortSignal; onBytes: (doneBytes: number) => void },
): Promise<DumpFileRead> {
  const storedMeter = createMeter(onBytes);
  const contentMeter = createMeter(() => {});
  const decoder = createDecoder(file.compression);
  const through = decoder ? [storedMeter.through, decoder, contentMeter.through] : [storedMeter.through];
  const decoded = new PassThrough({ highWaterMark: 1024 * 1024 });
  decoded.on("error", () => undefined); // both sides tell theirs
  const moved = pipeline([stored, ...through, feeding(decoded)], { signal }).catch((error: unknown) => {
    decoded.destroy(error instanceof Error ? error : new Error(messageOf(error)));
    throw error;
  });
  const read = readText(postgres, file, { decoded, signal }).catch((error: unknown) => {
    stored.destroy();
    throw error;
  });
  const [, found] = await Promise.all([moved, read]); // the first to fail is told: the other's end is its consequence
  const passed = storedMeter.passed();
  return { stored: passed, content: decoder ? contentMeter.passed() : passed, read: found };
}

/**
 * Hands everything to the reader for as long as it takes any. pg_restore ends at the last block that it knows, which may be
 * before its source does; what comes then is still hashed.
 */
function feeding(reader: PassThrough): Writable {
  return new Writable({
    highWaterMark: 1024 * 1024,
    write(chunk: Buffer, _encoding, done) {
      if (reader.destroyed || reader.write(chunk)) return done();
      const goOn = () => {
        reader.off("drain", goOn);
        reader.off("close", goOn);
        done();
      };
      reader.once("drain", goOn);
      reader.once("close", goOn);
    },
    final(done) {
      if (!reader.destroyed) reader.end();
      done();
    },
  });
}

async function readText(
  postgres: Postgres,
  file: DumpFile,
  { decoded, signal }: { decoded: Readable; signal: AbortSignal },
): Promise<ReadDump> {
  if (file.format === "sql") return postgres.readDump(decoded, { signal });
  const text = await postgres.archiveText(file.source, decoded, { label: "codex-backup-read", signal });
  return postgres.readDump(text, { signal });
}
