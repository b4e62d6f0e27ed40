import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { describeTable } from "../../src/domain/backups/fingerprint.ts";
import type { PostgresFacts } from "../../src/domain/backups/manifest.ts";
import type { ThrowawayChoice } from "../../src/domain/jobs/prove-settings.ts";
import type { PostgresSource } from "../../src/domain/jobs/source.ts";
import { compareDumps, tablesInOtherOrder } from "../../src/domain/proofs/compare-dumps.ts";
import type { Postgres, ProofDump, Throwaway, ThrowawayWish } from "../../src/postgres/postgres.ts";
import { limits, quiet } from "./postgres-at.ts";

/** What a run would have stored of a database. */
export interface Backup {
  readonly dump: Buffer;
  readonly header: Buffer;
  readonly globals: Buffer;
  readonly facts: PostgresFacts;
}

export interface BackupWish {
  readonly source: PostgresSource;
  readonly database: string;
  readonly format?: "sql" | "custom";
}

/** Takes it as a run does: by the room itself, under a snapshot. */
export async function takeBackup(room: Postgres, wish: BackupWish): Promise<Backup> {
  const { source, database, format = "sql" } = wish;
  const options = { label: "backup", signal: quiet() };
  const server = await room.connect(source, database, options);
  const snapshot = await server.openSnapshot(database, limits, quiet());
  const running = await snapshot.startDump(format);
  const dump = await buffer(running.stream);
  await running.finish();
  const header = (await snapshot.dumpHeader()).text;
  const globals = (await server.dumpGlobals()).text;
  const bytes = Readable.from([dump], { objectMode: false });
  const text = format === "sql" ? bytes : await room.archiveText(source, bytes, options);
  const { fingerprint } = await room.readDump(text, { signal: quiet() });
  const facts: PostgresFacts = { ...snapshot.facts, format, fingerprint };
  await snapshot.close();
  await server.close();
  return { dump, header, globals, facts };
}

/** The dump of a backup, or other bytes in its place, with the sums of what is given. */
export function dumpOf(backup: Backup, bytes: Buffer = backup.dump): ProofDump {
  return {
    format: backup.facts.format,
    openDump: async () => inPieces(bytes),
    expected: { sizeBytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") },
  };
}

/** In pieces of an odd size, as a file or a decompressor would give them. */
function inPieces(bytes: Buffer): Readable {
  const size = 50_021;
  const count = Math.ceil(bytes.length / size);
  const pieces = Array.from({ length: count }, (_, at) => bytes.subarray(at * size, (at + 1) * size));
  return Readable.from(pieces, { objectMode: false });
}

export interface WishParts {
  readonly workPath: string;
  readonly choice?: ThrowawayChoice;
  readonly source?: PostgresSource | null;
}

export function wishFor(backup: Backup, parts: WishParts): ThrowawayWish {
  const { workPath, choice = { kind: "programs", directory: null }, source = null } = parts;
  const { facts, globals, header } = backup;
  return { choice, source, facts, globals, header, workPath, label: "proof", signal: quiet() };
}

/** Opens a server for it and closes that when the work is done, or has failed. */
export async function withThrowaway<T>(
  room: Postgres,
  wish: ThrowawayWish,
  work: (throwaway: Throwaway) => Promise<T>,
): Promise<T> {
  const throwaway = await room.openThrowaway(wish);
  try {
    return await work(throwaway);
  } finally {
    await throwaway.close();
  }
}

/** Compares as a proof does: tables with another column order are read again by the recorded one (PROOF 4.6). */
export async function assertEqual(backup: Backup, throwaway: Throwaway): Promise<void> {
  const recorded = backup.facts.fingerprint;
  const { fingerprint, isComplete } = await throwaway.readBack();
  assert.ok(isComplete);
  const again = new Map<string, (typeof recorded.tables)[number]>();
  for (const table of tablesInOtherOrder(recorded, fingerprint))
    again.set(describeTable(table), await throwaway.fingerprintTable(table));
  const tables = fingerprint.tables.map((table) => again.get(describeTable(table)) ?? table);
  const { differences, compared } = compareDumps(recorded, { ...fingerprint, tables });
  assert.deepEqual(differences, []);
  assert.equal(compared.tables, recorded.tables.length);
}
