import type { PostgresFacts } from "../../domain/backups/manifest.ts";
import { Failure } from "../../domain/failure.ts";
import { formatInstant } from "../../domain/instant.ts";
import { showerOf } from "../encodings.ts";
import { escapeLoose } from "../loose-text.ts";
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
  const [raw] = await session.rawRows<FactsRow>(factsSql);
  if (!raw) throw new Failure("postgres.query", "Cannot describe the database: the server returned no row");
  const row = shown(raw, showerOf(session.encoding));
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
    // A role was named in the encoding of whatever database its maker was in.
    roles: raw.roles.map(escapeLoose),
    snapshot: {
      name: snapshot.name,
      lsn: snapshot.lsn,
      xmin: snapshot.xmin,
      takenAt: formatInstant(snapshot.takenAt),
    },
    leftOut: row.leftOut,
  };
}

function shown(row: FactsRow, show: (text: string) => string): FactsRow {
  const reviver = (_key: string, value: unknown) => (typeof value === "string" ? show(value) : value);
  return JSON.parse(JSON.stringify(row), reviver) as FactsRow; // of a row, with other texts in it
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
