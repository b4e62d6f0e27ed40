import type { Destination, StoredFile } from "../../destinations/destination.ts";
import { formatBackupFile, parseBackupFile } from "../../domain/backups/backup-file.ts";
import type { ChecksumLine } from "../../domain/checksums/checksum-line.ts";
import { isNeverListed } from "../../domain/checksums/checksum-review.ts";
import { messageOf } from "../../domain/failure.ts";
import type { Context } from "../context.ts";
import { readBirthHashes } from "../own-hash.ts";
import { demandOwnName, readStoredBackup } from "../stored-backup.ts";

/** What the files of our backups were when they were made. */
export interface OwnChecksums {
  /** By name of file. */
  readonly hashes: ReadonlyMap<string, string>;
  /** Manifests that cannot be used, and where two of our own records tell different stories. */
  readonly problems: readonly string[];
  /** How many manifests lie there. */
  readonly backups: number;
}

interface Shelf {
  readonly files: readonly StoredFile[];
  readonly entries: readonly ChecksumLine[];
}

/**
 * From the NAME.sha256 of each backup, and from its manifest where that file is gone, does not list all that
 * lies there, or is contradicted by checksums.txt. A manifest that changed since is not believed.
 */
export async function readOwnChecksums(
  context: Context,
  destination: Destination,
  shelf: Shelf,
): Promise<OwnChecksums> {
  const born = await readBirthHashes(destination);
  const hashes = new Map([...born].map(([name, { sha256 }]) => [name, sha256]));
  const problems: string[] = [];
  const bases = manifestsOf(shelf.files);
  for (const base of needingManifest(bases, shelf, hashes)) {
    const manifest = formatBackupFile(base, { kind: "manifest" });
    const expected = hashes.get(manifest) ?? manifestInCatalog(context, destination, base);
    if (expected !== null) hashes.set(manifest, expected);
    try {
      for (const { path, sha256 } of await filesInManifest(destination, base, expected)) {
        const known = hashes.get(path);
        if (known !== undefined && known !== sha256)
          problems.push(`"${born.get(path)?.source}" and the manifest disagree about "${path}"`);
        hashes.set(path, sha256);
      }
    } catch (error) {
      problems.push(messageOf(error));
    }
  }
  return { hashes, problems, backups: bases.size };
}

function manifestsOf(files: readonly StoredFile[]): ReadonlySet<string> {
  const parsed = files.map(({ name }) => parseBackupFile(name)).filter((one) => one !== null);
  return new Set(parsed.filter(({ file }) => file.kind === "manifest").map(({ base }) => base));
}

function needingManifest(
  bases: ReadonlySet<string>,
  { files, entries }: Shelf,
  hashes: ReadonlyMap<string, string>,
): ReadonlySet<string> {
  const names = new Set(files.map(({ name }) => name));
  const unlisted = files.map(({ name }) => name).filter((name) => !isNeverListed(name) && !hashes.has(name));
  const contradicted = entries
    .filter(({ path, sha256 }) => hashes.has(path) && hashes.get(path) !== sha256)
    .map(({ path }) => path);
  const doubtful = new Set([...unlisted, ...contradicted].map((name) => parseBackupFile(name)?.base));
  const isBare = (base: string) => !names.has(formatBackupFile(base, { kind: "sha256" }));
  return new Set([...bases].filter((base) => isBare(base) || doubtful.has(base)));
}

/** Null when the catalog does not know it, or has two of that name. */
function manifestInCatalog({ catalog }: Context, { name }: Destination, base: string): string | null {
  const rows = catalog
    .backups()
    .filter(({ id, copies }) => id === base && copies.some((copy) => copy.destination === name));
  const [only] = rows;
  return only === undefined || rows.length > 1 ? null : only.manifestSha256;
}

/** None when the manifest's bytes are not the expected ones: that is told when it is compared as a file. */
async function filesInManifest(
  destination: Destination,
  base: string,
  expected: string | null,
): Promise<readonly ChecksumLine[]> {
  const stored = await readStoredBackup(destination, base);
  demandOwnName(stored, base);
  return expected === null || expected === stored.manifestSha256 ? stored.manifest.files : [];
}
