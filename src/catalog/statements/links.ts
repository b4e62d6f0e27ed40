import { z } from "zod";
import type { Manifest } from "../../domain/backups/manifest.ts";
import { type Linked, linkOf } from "../../domain/signatures/chain-link.ts";
import type { Catalog } from "../catalog.ts";
import type { Connection } from "../connection.ts";

// IS and not =: of capsules the database is null.
const select = `
  SELECT id, manifest_sha256, adopted, links FROM backups
  WHERE job = $job AND database IS $database ORDER BY created_ms, id`;

const linksSchema = z.tuple([
  z.string(),
  z.string().nullable(),
  z.string().nullable(),
  z.array(z.string()),
  z.array(z.string()).nullable(),
]);

/** As the column has it; an older catalog takes the same out of its manifests. */
export function formatLinks(manifest: Manifest): string {
  const { startedAt, previous, previousId, pruned, unaccounted } = linkOf(manifest, "");
  return JSON.stringify([startedAt, previous, previousId, pruned, unaccounted]);
}

export function linkStatements(connection: Connection): Pick<Catalog, "links"> {
  return {
    links: (job, database) =>
      connection.all(select, { job, database }, (row): Linked => {
        const [startedAt, previous, previousId, pruned, unaccounted] = row.json(
          "links",
          (value) => linksSchema.safeParse(value).data ?? null,
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
