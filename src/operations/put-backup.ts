import type { Catalog } from "../catalog/catalog.ts";
import { profileOfManifest } from "../domain/anomalies/profile.ts";
import type { Manifest } from "../domain/backups/manifest.ts";

/** A manifest and its bytes. */
interface Described {
  readonly manifest: Manifest;
  readonly manifestText: string;
  readonly manifestSha256: string;
}

/** Tells the catalog of a backup, with as much of its profile as the manifest tells. */
export function putBackup(catalog: Catalog, { manifest, manifestText, manifestSha256 }: Described): void {
  const profile = profileOfManifest(manifest);
  catalog.putBackup(manifest, manifestText, manifestSha256);
  if (profile !== null) catalog.putProfile(manifest.job, manifest.id, profile);
}
