import type { TableFingerprint } from "../../domain/backups/fingerprint.ts";
import { describeTable } from "../../domain/backups/fingerprint.ts";
import type { PostgresFacts } from "../../domain/backups/manifest.ts";
import { Failure } from "../../domain/failure.ts";
import { showerOf } from "../encodings.ts";
import type { ServerContext } from "../server.ts";
import { logIn } from "../session/login.ts";
import { fingerprintTables } from "../snapshot/fingerprint-tables.ts";
import { dumpableTablesSql, shownTables, type TableRow } from "../sql/dumpable-tables.ts";

export interface TableOrder {
  readonly database: string;
  readonly table: Pick<TableFingerprint, "schema" | "name" | "columns">;
  readonly facts: Pick<PostgresFacts, "encoding">;
  readonly signal: AbortSignal;
}

/** See Throwaway.fingerprintTable. Throws "postgres.query" when the table is not there. */
export async function fingerprintOne(context: ServerContext, order: TableOrder): Promise<TableFingerprint> {
  const { database, table, facts, signal } = order;
  const row = await findRow(context, order);
  if (row === null) {
    throw new Failure("postgres.query", `Cannot read ${describeTable(table)}: it was not restored`);
  }
  const tables = [{ ...row, columns: inOrder(row.columns, table.columns, showerOf(facts.encoding)) }];
  const reading = { database, snapshot: null, encoding: facts.encoding, viaRoot: false, tables, signal };
  const [fingerprint] = await fingerprintTables(context.access, reading);
  if (fingerprint === undefined) throw new Failure("postgres.query", `Cannot read ${describeTable(table)}`);
  return fingerprint;
}

/** The columns as the server knows them, in the order in which they were told. */
function inOrder(
  columns: readonly string[],
  told: readonly string[],
  show: (name: string) => string,
): readonly string[] {
  const known = new Map(columns.map((column) => [show(column), column]));
  return told.map((column) => known.get(column) ?? column);
}

async function findRow(
  context: ServerContext,
  { database, table, signal }: TableOrder,
): Promise<TableRow | null> {
  const session = await logIn(context.access, { database, purpose: "query", signal });
  try {
    const rows = await session.rawRows<TableRow>(dumpableTablesSql);
    const shown = shownTables(rows, session.encoding);
    const at = shown.findIndex(
      ({ schema, name, hasRows }) => schema === table.schema && name === table.name && hasRows,
    );
    return rows[at] ?? null;
  } finally {
    await session.close();
  }
}
