import { readReferences, readSetFacts } from "../../domain/sets/set-text.ts";
import type { Catalog } from "../catalog.ts";
import type { Connection } from "../connection.ts";

// SQLite takes the parts out: a capsule's manifest lists twenty thousand entries, and is long to parse whole.
const select = `
  SELECT backups.id AS id, text -> '$.set' AS facts, text -> '$.capsule.references' AS named
  FROM backups JOIN manifests ON manifests.backup = backups.key
  WHERE job = $job ORDER BY created_ms DESC, backups.id DESC LIMIT $limit`;

export function setStatements(connection: Connection): Pick<Catalog, "inSets"> {
  return {
    inSets: (job, limit) =>
      connection.all(select, { job, limit }, (row) => ({
        id: row.text("id"),
        set: row.jsonOrNull("facts", readSetFacts),
        references: row.jsonOrNull("named", readReferences),
      })),
  };
}
