import { describeTable, type Fingerprint } from "../../domain/backups/fingerprint.ts";
import type { RestoreCheck } from "../../domain/backups/restore-report.ts";
import { Failure } from "../../domain/failure.ts";
import { describeCount } from "../../domain/plain-words.ts";
import { compareDumps } from "../../domain/proofs/compare-dumps.ts";
import type { DumpCut, RowCount } from "../../domain/restores/table-choice.ts";
import type { PostgresServer } from "../../postgres/postgres.ts";
import { inRecordedOrder } from "./in-recorded-order.ts";
import type { DatabaseRestore } from "./restore-database.ts";

export interface Restored {
  /** Its name for the time being. */
  readonly database: string;
  readonly cut: DumpCut | null;
  /** Of the dump's text; left out: its database's. */
  readonly encoding: string | undefined;
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
  const found = await (check === "rows"
    ? differingCounts(server, restored.database, recorded)
    : differingContent(server, request, { ...restored, recorded }));
  if (found.differences.length > 0) throw mismatch(request.to, found.differences);
  return { kind: check, ...found.looked };
}

interface Looked {
  readonly looked: Omit<RestoreCheck, "kind">;
  readonly differences: readonly string[];
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
): Promise<Looked> {
  const counts = await server.restore.countRows(database, tables);
  const countOf = (at: number): RowCount => counts[at] ?? "missing";
  const counted = tables.filter((_, at) => typeof countOf(at) === "number");
  const differences = tables.flatMap((table, at) => {
    const found = countOf(at);
    if (found === table.rows || found === "hidden") return [];
    return [
      `${describeTable(table)} ${found === "missing" ? "is missing" : `has ${found} rows`}, recorded ${table.rows}`,
    ];
  });
  const hidden = counts.filter((count) => count === "hidden").length;
  const reason = hidden === 0 ? null : `this role may not see all rows of ${describeCount(hidden, "table")}`;
  return { looked: { ...sumOf(counted), reason }, differences };
}

function sumOf(tables: Fingerprint["tables"]): Pick<RestoreCheck, "tables" | "rows"> {
  return { tables: tables.length, rows: tables.reduce((sum, { rows }) => sum + rows, 0) };
}

async function differingContent(
  server: PostgresServer,
  request: DatabaseRestore,
  { database, cut, recorded, encoding: ofText, onProgress }: Restored & { readonly recorded: Fingerprint },
): Promise<Looked> {
  const { dump } = request;
  const looked = { ...sumOf(recorded.tables), reason: notCompared(server, request, cut) };
  const encoding = dump.facts?.encoding ?? "UTF8";
  const { fingerprint } = await server.restore.dumpBack(database, ofText ?? encoding, onProgress);
  const restored = await inRecordedOrder(recorded, fingerprint, (table) =>
    server.restore.fingerprintTable(database, table, encoding),
  );
  if (cut !== null) {
    const rowsOf = ({ tables }: Fingerprint) => ({ ...emptyLike(recorded), tables });
    return {
      looked,
      differences: compareDumps(rowsOf(recorded), rowsOf(wantedOf(restored, cut))).differences,
    };
  }
  const comparable = looked.reason === null ? restored : withSchemaOf(restored, recorded);
  return { looked, differences: compareDumps(recorded, comparable).differences };
}

/** The schema is not the recorded one where owners are others, or where only a part of it was restored. */
function withSchemaOf(restored: Fingerprint, { schemaSha256, objects, entries }: Fingerprint): Fingerprint {
  return { ...restored, schemaSha256, objects, ...(entries === undefined ? {} : { entries }) };
}

function emptyLike({ schemaSha256 }: Fingerprint): Fingerprint {
  return { tables: [], sequences: [], largeObjects: [], schemaSha256, objects: {}, entries: [] };
}

/** Why the schema cannot be expected to come back in the same words; null: it can. */
function notCompared(
  { facts: { versionNum } }: PostgresServer,
  { dump, withoutOwners, roleMap }: DatabaseRestore,
  cut: DumpCut | null,
): string | null {
  if (cut !== null) return "of single tables, only the rows were compared";
  if (withoutOwners || (roleMap?.size ?? 0) > 0) {
    return "the schema was not compared: its owners are others than when it was dumped";
  }
  const isOtherMajor =
    Math.trunc(versionNum / 10_000) !== Math.trunc((dump.facts?.serverVersionNum ?? 0) / 10_000);
  return isOtherMajor
    ? "the schema was not compared: the server is of another version, which words it otherwise"
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
