import type { TableFingerprint } from "../../domain/backups/fingerprint.ts";
import { describeTable } from "../../domain/backups/fingerprint.ts";
import type { PostgresFacts } from "../../domain/backups/manifest.ts";
import { Failure } from "../../domain/failure.ts";
import type { ServerContext } from "../server.ts";
import { logIn } from "../session/login.ts";
import { fingerprintTables } from "../snapshot/fingerprint-tables.ts";
import { dumpableTablesSql, type TableRow } from "../sql/dumpable-tables.ts";

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
  const tables = [{ ...row, columns: table.columns }];
  const reading = { database, snapshot: null, encoding: facts.encoding, viaRoot: false, tables, signal };
  const [fingerprint] = await fingerprintTables(context.access, reading);
  if (fingerprint === undefined) throw new Failure("postgres.query", `Cannot read ${describeTable(table)}`);
  return fingerprint;
}

async function findRow(
  context: ServerContext,
  { database, table, signal }: TableOrder,
): Promise<TableRow | null> {
  const session = await logIn(context.access, { database, purpose: "query", signal });
  try {
    const rows = await session.rows<TableRow>(dumpableTablesSql);
    return rows.find((row) => row.schema === table.schema && row.name === table.name && row.hasRows) ?? null;
  } finally {
    await session.close();
  }
}
