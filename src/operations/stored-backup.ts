import { createHash } from "node:crypto";
import type { Destination, StoredFile } from "../destinations/destination.ts";
import { formatBackupFile } from "../domain/backups/backup-file.ts";
import type { Manifest } from "../domain/backups/manifest.ts";
import { parseManifest } from "../domain/backups/manifest-text.ts";
import { Failure } from "../domain/failure.ts";
import { readOwnHash } from "./own-hash.ts";

/** A backup as one destination describes it. */
export interface StoredBackup {
  readonly manifest: Manifest;
  readonly manifestText: string;
  readonly manifestSha256: string;
}

/** Throws "backup.missing-file" when there is no manifest, "backup.manifest" when it cannot be understood. */
export async function readStoredBackup(destination: Destination, id: string): Promise<StoredBackup> {
  const name = formatBackupFile(id, { kind: "manifest" });
  if ((await destination.stat(name)) === null) throw missingBackup(destination, id);
  const bytes = await destination.read(name);
  const manifest = parseManifest(bytes, `${destination.location}/${name}`);
  return {
    manifest,
    manifestText: bytes.toString("utf8"),
    manifestSha256: createHash("sha256").update(bytes).digest("hex"),
  };
}

/** Without its manifest a backup does not exist at a destination. */
export function missingBackup({ name, location }: Destination, id: string): Failure {
  return new Failure(
    "backup.missing-file",
    `Cannot find the manifest of "${id}" at "${name}" (${location}): it is gone`,
    {
      hint: "Use another copy, or describe the files anew with codex-backup adopt.",
    },
  );
}

/** Throws "backup.manifest" when the manifest is of another backup than its file's name says. */
export function demandOwnName({ manifest }: StoredBackup, id: string): void {
  if (manifest.id === id) return;
  throw new Failure(
    "backup.manifest",
    `Cannot use the manifest of "${id}": it calls itself "${manifest.id}"`,
    { hint: "Give the files their own names again." },
  );
}

/**
 * What is wrong between a manifest and the NAME.sha256 beside it: they were written together, so a
 * difference means that one of them was changed since. Empty when they agree.
 */
export async function differencesToOwnHash(
  destination: Destination,
  stored: StoredBackup,
): Promise<readonly string[]> {
  const { manifest, manifestSha256 } = stored;
  const name = formatBackupFile(manifest.id, { kind: "sha256" });
  if ((await destination.stat(name)) === null) return [`"${name}" is missing`];
  const { lines, isWellFormed } = await readOwnHash(destination, name);
  const written = new Map(lines.map((line) => [line.path, line.sha256]));
  const expected = [
    ...manifest.files.map(({ path, sha256 }) => ({ path, sha256 })),
    { path: formatBackupFile(manifest.id, { kind: "manifest" }), sha256: manifestSha256 },
  ];
  const differing = expected
    .filter(({ path, sha256 }) => written.get(path) !== sha256)
    .map(({ path }) => path);
  const isOfThese = written.size === expected.length && lines.length === expected.length && isWellFormed;
  if (differing.length === 0 && isOfThese) return [];
  const about = differing.length > 0 ? ` about ${differing.map((path) => `"${path}"`).join(", ")}` : "";
  return [`"${name}" and the manifest disagree${about}: one of them was changed after it was written`];
}

/** A line for each file that a manifest names and the listing does not have with its size; no byte is read. */
export function missingFiles({ manifest }: StoredBackup, files: readonly StoredFile[]): readonly string[] {
  const sizes = new Map(files.map(({ name, sizeBytes }) => [name, sizeBytes]));
  return manifest.files
    .filter((file) => sizes.get(file.path) !== file.sizeBytes)
    .map((file) =>
      sizes.has(file.path)
        ? `"${file.path}" has another size than its manifest says`
        : `"${file.path}" is missing`,
    );
}
