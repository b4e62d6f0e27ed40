import type { ShownBackup } from "../domain/backups/backup-report.ts";
import { parseManifest } from "../domain/backups/manifest-text.ts";
import { formatInstant } from "../domain/instant.ts";
import type { Context } from "./context.ts";
import { findBackup } from "./find-backup.ts";
import { listed } from "./list.ts";

/** Throws "usage.unknown-backup". */
export function showBackup(context: Context, name: string): ShownBackup {
  const row = findBackup(context, name);
  const text = context.catalog.manifestText(row.job, row.id);
  const marks = context.catalog.marks(row.job, row.id);
  return {
    ...listed(context, row),
    manifest: text === null ? null : parseManifest(Buffer.from(text), `catalog: ${row.id}`),
    marks: marks.map(({ kind, who, at, why, destination }) => ({
      kind,
      who,
      at: formatInstant(at),
      why,
      destination,
    })),
  };
}
