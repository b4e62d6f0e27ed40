import { z } from "zod";
import type { Manifest } from "../../domain/backups/manifest.ts";
import { type Linked, linkOf } from "../../domain/signatures/chain-link.ts";
import type { Catalog } from "../catalog.ts";
import type { Connection } from "../connection.ts";

// IS and not =: of capsules the database is null.
const select = `
  SELECT id, manifest_sha256, adopted, links FROM backups
  WHERE job = $job AND database IS $database ORDER BY created_ms, id`;

// Told to be gone by nobody: noted so by a run, and by no later manifest as removed or accepted.
const selectNoted = `
  SELECT noted.value AS id, min(noting.created_ms) AS at_ms
  FROM backups AS noting, json_each(noting.links, '$[4]') AS noted
  WHERE noting.job = $job AND noting.database IS $database AND noted.type = 'text'
    AND noted.value NOT IN (SELECT id FROM backups WHERE job = $job)
    AND noted.value NOT IN (SELECT backup_id FROM pruned WHERE job = $job AND database IS $database)
    AND noted.value NOT IN (SELECT told.value FROM backups, json_each(backups.links, '$[3]') AS told
      WHERE job = $job AND database IS $database AND told.type = 'text')
  GROUP BY noted.value ORDER BY 2, 1`;

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

export function linkStatements(connection: Connection): Pick<Catalog, "links" | "notedGone"> {
  return {
    notedGone: (job, database) =>
      connection.all(selectNoted, { job, database }, (row) => ({
        id: row.text("id"),
        at: row.instant("at_ms"),
      })),
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
