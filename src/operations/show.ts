import type { MarkRow } from "../catalog/catalog.ts";
import { formatInstant } from "../domain/instant.ts";
import type { Manifest } from "../domain/manifest.ts";
import { parseManifest } from "../domain/manifest-text.ts";
import { findBackup } from "./find-backup.ts";
import { type ListedBackup, listed } from "./list.ts";
import type { Context } from "./operation.ts";

/** One backup in full: as listed, with its manifest and who protects it. */
export interface ShownBackup extends ListedBackup {
  /** Null when the catalog has lost its text. */
  readonly manifest: Manifest | null;
  readonly marks: readonly { readonly kind: MarkRow["kind"]; readonly who: string; readonly at: string; readonly why: string; readonly destination: string }[];
}

/** Throws "usage.unknown-backup". */
export function showBackup(context: Context, name: string): ShownBackup {
  const row = findBackup(context, name);
  const text = context.catalog.manifestText(row.job, row.id);
  const marks = context.catalog.marks(row.job, row.id);
  return {
    ...listed(context, row),
    manifest: text === null ? null : parseManifest(Buffer.from(text), `catalog: ${row.id}`),
    marks: marks.map(({ kind, who, at, why, destination }) => ({ kind, who, at: formatInstant(at), why, destination })),
  };
}
