import { describeTable } from "../../domain/backups/fingerprint.ts";
import { Failure } from "../../domain/failure.ts";
import type { DumpableTable, ReadDump } from "../../postgres/postgres.ts";

/**
 * The settle rule (PROOF 3): the dump ends in its trailer, and the tables whose rows it holds are exactly
 * those that the catalog says must be in it. An unknown difference is a failure, never a warning.
 */
export function demandSettled(database: string, dumpable: readonly DumpableTable[], read: ReadDump): void {
  if (!read.isComplete) throw truncated(database, read.sizeBytes);
  const expected = new Set(dumpable.map(describeTable));
  const found = new Set(read.fingerprint.tables.map(describeTable));
  const missing = [...expected].filter((table) => !found.has(table));
  const extra = [...found].filter((table) => !expected.has(table));
  if (missing.length === 0 && extra.length === 0) return;
  const said = [...differences("without rows of", missing), ...differences("with unexpected rows of", extra)];
  throw new Failure(
    "postgres.dump-unexpected",
    `Cannot accept the dump of "${database}": it ended well, but ${said.join(", and ")}`,
    {
      hint: "Run the job again; if it stays, compare pg_dump's version with the server's and report it.",
    },
  );
}

function truncated(database: string, sizeBytes: number): Failure {
  return new Failure(
    "postgres.dump-truncated",
    `Cannot accept the dump of "${database}": its ${sizeBytes} bytes do not end in pg_dump's trailer`,
    { hint: "Run the job again; if it stays, look at the server's log for a crash or a lost connection." },
  );
}

function differences(what: string, tables: readonly string[]): readonly string[] {
  if (tables.length === 0) return [];
  const shown = tables.slice(0, 5).join(", ");
  return [`${what} ${shown}${tables.length > 5 ? ` and ${tables.length - 5} more` : ""}`];
}
