import { resolveTables } from "../../domain/restores/resolve-tables.ts";
import type { DumpCut } from "../../domain/restores/table-choice.ts";
import type { PostgresServer } from "../../postgres/postgres.ts";
import type { DatabaseRestore } from "./restore-database.ts";

/** What single tables need, found by reading the whole dump; null when all of it is wanted. */
export async function chooseTables(
  server: PostgresServer,
  request: DatabaseRestore,
  onProgress: (doneBytes: number) => void,
): Promise<DumpCut | null> {
  const { tables = [], schemas = [], dump, to, withoutOwners, signal } = request;
  if (tables.length + schemas.length === 0) return null;
  const { format, openDump, expected } = dump;
  const survey = await server.restore.survey({
    database: to,
    ...{ format, openDump, expected, withoutOwners, signal, onProgress },
  });
  return survey.cut(resolveTables({ tables, schemas }, survey));
}
