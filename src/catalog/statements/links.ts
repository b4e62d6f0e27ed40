import { z } from "zod";
import type { Linked } from "../../domain/signatures/chain-link.ts";
import type { Catalog } from "../catalog.ts";
import type { Connection } from "../connection.ts";

// SQLite takes the few fields out in one reading: a capsule's manifest lists twenty thousand entries. IS and not =:
// of capsules the database is null.
const select = `
  SELECT id, manifest_sha256, adopted,
    json_extract(text, '$.startedAt', '$.previous', '$.previousId', '$.pruned', '$.unaccounted') AS told
  FROM backups JOIN manifests ON manifests.backup = backups.key
  WHERE job = $job AND database IS $database ORDER BY created_ms, id`;

const toldSchema = z.tuple([
  z.string(),
  z.string().nullable(),
  z.string().nullable(),
  z.array(z.string()),
  z.array(z.string()).nullable(),
]);

export function linkStatements(connection: Connection): Pick<Catalog, "links"> {
  return {
    links: (job, database) =>
      connection.all(select, { job, database }, (row): Linked => {
        const [startedAt, previous, previousId, pruned, unaccounted] = row.json(
          "told",
          (value) => toldSchema.safeParse(value).data ?? null,
        );
        return {
          id: row.text("id"),
          sha256: row.text("manifest_sha256"),
          adopted: row.flag("adopted"),
          ...{ startedAt, previous, previousId, pruned },
          unaccounted: unaccounted ?? [],
        };
      }),
  };
}
