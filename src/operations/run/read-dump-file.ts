import type { Readable } from "node:stream";
import { PassThrough } from "node:stream";
import { pipeline } from "node:stream/promises";
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
  const moved = pipeline([stored, ...through, decoded], { signal });
  const read = readText(postgres, file, { decoded, signal });
  const [, found] = await Promise.all([moved, read]);
  const passed = storedMeter.passed();
  return { stored: passed, content: decoder ? contentMeter.passed() : passed, read: found };
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
