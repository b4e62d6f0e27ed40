import { createHash } from "node:crypto";
import { formatBackupFile } from "../../domain/backups/backup-file.ts";
import type { Manifest } from "../../domain/backups/manifest.ts";
import { formatManifest } from "../../domain/backups/manifest-text.ts";
import { type ChecksumLine, formatChecksumLine } from "../../domain/checksums/checksum-line.ts";

/** A backup described for good: the same bytes go to every destination. */
export interface Sealed {
  readonly manifest: Manifest;
  readonly manifestText: string;
  readonly manifestSha256: string;
  /** One line a file, the manifest included: what NAME.sha256 holds and checksums.txt is given. */
  readonly lines: readonly ChecksumLine[];
  readonly ownHashText: string;
  /** NAME.manifest.json.minisig; null: there is no key, or it could not be used. Listed nowhere: it vouches for itself. */
  readonly signatureText: string | null;
}

/** Fixes the bytes that are hashed, signed and laid at every destination; not yet signed. */
export function seal(manifest: Manifest): Sealed {
  return sealText(manifest, formatManifest(manifest));
}

/** A manifest whose bytes exist already: those bytes stay, whatever this version would write today. */
export function sealText(
  manifest: Manifest,
  manifestText: string,
  signatureText: string | null = null,
): Sealed {
  const manifestSha256 = createHash("sha256").update(manifestText).digest("hex");
  const lines = [
    ...manifest.files.map(({ path, sha256 }) => ({ path, sha256 })),
    { path: formatBackupFile(manifest.id, { kind: "manifest" }), sha256: manifestSha256 },
  ];
  return {
    manifest,
    manifestText,
    manifestSha256,
    lines,
    ownHashText: lines.map(formatChecksumLine).join(""),
    signatureText,
  };
}
