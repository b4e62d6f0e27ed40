import { describeTable, type Fingerprint } from "../../domain/backups/fingerprint.ts";
import type { RestoreCheck } from "../../domain/backups/restore-report.ts";
import { Failure } from "../../domain/failure.ts";
import { compareDumps, tablesInOtherOrder } from "../../domain/proofs/compare-dumps.ts";
import type { DumpCut } from "../../domain/restores/table-choice.ts";
import type { PostgresServer } from "../../postgres/postgres.ts";
import type { DatabaseRestore } from "./restore-database.ts";

export interface Restored {
  /** Its name for the time being. */
  readonly database: string;
  readonly cut: DumpCut | null;
  readonly onProgress: (doneBytes: number) => void;
}

/**
 * Holds a restored database against what was recorded of its dump, before anybody finds it under its name. Throws
 * "proof.mismatch" naming what differs.
 */
export async function checkRestored(
  server: PostgresServer,
  request: DatabaseRestore,
  restored: Restored,
): Promise<RestoreCheck> {
  const { check = "rows", dump } = request;
  if (check === "none") return nothing("it was not asked for");
  if (dump.facts === null) return nothing("nothing is recorded of what the dump holds");
  const recorded = wantedOf(dump.facts.fingerprint, restored.cut);
  const differences = await (check === "rows"
    ? differingCounts(server, restored.database, recorded)
    : differingContent(server, request, { ...restored, recorded }));
  if (differences.length > 0) throw mismatch(request.to, differences);
  return {
    kind: check,
    tables: recorded.tables.length,
    rows: recorded.tables.reduce((sum, { rows }) => sum + rows, 0),
    reason: check === "full" ? notCompared(request, restored.cut) : null,
  };
}

function nothing(reason: string): RestoreCheck {
  return { kind: "none", tables: 0, rows: 0, reason };
}

/** Of single tables: only theirs. */
function wantedOf(fingerprint: Fingerprint, cut: DumpCut | null): Fingerprint {
  if (cut === null) return fingerprint;
  const whole = new Set(cut.whole.map(describeTable));
  return { ...fingerprint, tables: fingerprint.tables.filter((table) => whole.has(describeTable(table))) };
}

async function differingCounts(
  server: PostgresServer,
  database: string,
  { tables }: Fingerprint,
): Promise<readonly string[]> {
  const counts = await server.restore.countRows(database, tables);
  return tables.flatMap((table, at) => {
    const found = counts[at] ?? null;
    if (found === table.rows) return [];
    return [
      `${describeTable(table)} has ${found === null ? "no rows that can be counted" : `${found} rows`} instead of ${table.rows}`,
    ];
  });
}

async function differingContent(
  server: PostgresServer,
  { dump, withoutOwners, roleMap }: DatabaseRestore,
  { database, cut, recorded, onProgress }: Restored & { readonly recorded: Fingerprint },
): Promise<readonly string[]> {
  const { fingerprint } = await server.restore.dumpBack(database, onProgress);
  const restored = await inRecordedOrder(server, {
    database,
    recorded,
    restored: fingerprint,
    encoding: dump.facts?.encoding ?? "UTF8",
  });
  if (cut !== null) {
    const only = wantedOf(restored, cut);
    return compareDumps(
      { ...nothingBut(recorded), tables: recorded.tables },
      { ...nothingBut(recorded), tables: only.tables },
    ).differences;
  }
  const ownersDiffer = withoutOwners || (roleMap?.size ?? 0) > 0;
  return compareDumps(recorded, ownersDiffer ? withSchemaOf(restored, recorded) : restored).differences;
}

interface Sides {
  readonly database: string;
  readonly recorded: Fingerprint;
  readonly restored: Fingerprint;
  readonly encoding: string;
}

/** Columns of inheriting tables can come back in another order; their rows are read once more then. */
async function inRecordedOrder(
  server: PostgresServer,
  { database, recorded, restored, encoding }: Sides,
): Promise<Fingerprint> {
  const again = new Map<string, Fingerprint["tables"][number]>();
  for (const table of tablesInOtherOrder(recorded, restored)) {
    again.set(describeTable(table), await server.restore.fingerprintTable(database, table, encoding));
  }
  return { ...restored, tables: restored.tables.map((table) => again.get(describeTable(table)) ?? table) };
}

/** The schema is not the recorded one where owners are others, or where only a part of it was restored. */
function withSchemaOf(restored: Fingerprint, { schemaSha256, objects, entries }: Fingerprint): Fingerprint {
  return { ...restored, schemaSha256, objects, ...(entries === undefined ? {} : { entries }) };
}

function nothingBut({ schemaSha256 }: Fingerprint): Fingerprint {
  return { tables: [], sequences: [], largeObjects: [], schemaSha256, objects: {}, entries: [] };
}

function notCompared({ withoutOwners, roleMap }: DatabaseRestore, cut: DumpCut | null): string | null {
  if (cut !== null) return "of single tables, only the rows were compared";
  return withoutOwners || (roleMap?.size ?? 0) > 0
    ? "the schema was not compared: its owners are others than when it was dumped"
    : null;
}

function mismatch(to: string, differences: readonly string[]): Failure {
  const [first = "", ...others] = differences;
  const more = others.length === 0 ? "" : `, and ${others.length} more`;
  return new Failure(
    "proof.mismatch",
    `Cannot restore into "${to}": what was restored is not what was backed up: ${first}${more}`,
    {
      hint: "It was dropped again. Prove the backup, and restore another one.",
      context: { differences: differences.slice(0, 20).join("; ") },
    },
  );
}
