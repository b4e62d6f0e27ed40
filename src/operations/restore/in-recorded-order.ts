import { describeTable, type Fingerprint, type TableFingerprint } from "../../domain/backups/fingerprint.ts";
import { tablesInOtherOrder } from "../../domain/proofs/compare-dumps.ts";

/** Columns of inheriting tables can come back in another order: the rows of those are read once more, by the recorded one. */
export async function inRecordedOrder(
  recorded: Fingerprint,
  restored: Fingerprint,
  readTable: (table: TableFingerprint) => Promise<TableFingerprint>,
): Promise<Fingerprint> {
  const again = new Map<string, TableFingerprint>();
  for (const table of tablesInOtherOrder(recorded, restored))
    again.set(describeTable(table), await readTable(table));
  return { ...restored, tables: restored.tables.map((table) => again.get(describeTable(table)) ?? table) };
}
