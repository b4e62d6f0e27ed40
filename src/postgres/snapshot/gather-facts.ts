import type { PostgresFacts } from "../../domain/backups/manifest.ts";
import { Failure } from "../../domain/failure.ts";
import { formatInstant } from "../../domain/instant.ts";
import type { ServerFacts } from "../postgres.ts";
import type { Session } from "../session/session.ts";
import { type FactsRow, factsSql } from "../sql/facts.ts";
import type { TakenSnapshot } from "./take-snapshot.ts";

/** What the manifest says of the database, read inside the snapshot. */
export async function gatherFacts(
  session: Session,
  server: ServerFacts,
  snapshot: TakenSnapshot,
): Promise<Omit<PostgresFacts, "format" | "fingerprint">> {
  const [row] = await session.rows<FactsRow>(factsSql);
  if (!row) throw new Failure("postgres.query", "Cannot describe the database: the server returned no row");
  return {
    systemIdentifier: server.systemIdentifier,
    serverVersionNum: server.versionNum,
    serverVersion: server.version,
    clientVersion: server.clientVersion,
    encoding: row.encoding,
    locale: localeOf(row.database),
    databaseSizeBytes: Number(row.sizeBytes),
    extensions: row.extensions,
    collations: row.collations,
    roles: row.roles,
    snapshot: {
      name: snapshot.name,
      lsn: snapshot.lsn,
      xmin: snapshot.xmin,
      takenAt: formatInstant(snapshot.takenAt),
    },
    leftOut: row.leftOut,
  };
}

const providers: Readonly<Record<string, string>> = { c: "libc", i: "icu", b: "builtin" };

/** The row of pg_database: datlocprovider came with 15, daticulocale became datlocale in 17. */
export function localeOf(row: FactsRow["database"]): PostgresFacts["locale"] {
  const text = (name: string): string | null => {
    const value = row[name];
    return value === undefined || value === null ? null : String(value);
  };
  return {
    provider: providers[text("datlocprovider") ?? "c"] ?? text("datlocprovider") ?? "libc",
    collate: text("datcollate") ?? "",
    ctype: text("datctype") ?? "",
    icuLocale: text("datlocale") ?? text("daticulocale"),
    collationVersion: text("datcollversion"),
  };
}
