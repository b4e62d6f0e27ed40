import type { Destination } from "../destinations/destination.ts";
import { parseBackupFile } from "../domain/backups/backup-file.ts";
import { type ChecksumLine, parseChecksumLine } from "../domain/checksums/checksum-line.ts";

/** What a NAME.sha256 says of the files of its backup, as they were when it was made. */
export interface OwnHash {
  readonly lines: readonly ChecksumLine[];
  /** False when it also holds something that is no such line: it was changed since. */
  readonly isWellFormed: boolean;
}

/** Reads one NAME.sha256; throws "destination.not-found" when there is none. */
export async function readOwnHash(destination: Destination, name: string): Promise<OwnHash> {
  const texts = (await destination.read(name))
    .toString("utf8")
    .split("\n")
    .filter((text) => text !== "");
  const lines = texts.map(parseChecksumLine).filter((line) => line !== null);
  return { lines, isWellFormed: lines.length === texts.length };
}

export interface BirthHash {
  readonly sha256: string;
  /** The NAME.sha256 that says so. */
  readonly source: string;
}

/** By name of file, for every backup at the destination. */
export async function readBirthHashes(destination: Destination): Promise<ReadonlyMap<string, BirthHash>> {
  const found = new Map<string, BirthHash>();
  for (const { name } of await destination.list()) {
    if (parseBackupFile(name)?.file.kind !== "sha256") continue;
    const { lines } = await readOwnHash(destination, name);
    for (const { path, sha256 } of lines) found.set(path, { sha256, source: name });
  }
  return found;
}
