import { describeTable } from "../backups/fingerprint.ts";
import type { CapsuleEntry, CapsuleFacts, Manifest, PostgresFacts } from "../backups/manifest.ts";
import type { BackupProfile, ProfilePart } from "./anomaly.ts";

/** What is known of a backup in the clear, also where its manifest will not tell it. */
export interface PlainFacts {
  readonly durationMs: number;
  readonly contentBytes: number;
  readonly postgres: PostgresFacts | null;
  readonly capsule: CapsuleFacts | null;
}

/** What a backup is compared by later: how long it took, how much it holds, and of which tables or folders. */
export function profileOf({ durationMs, contentBytes, postgres, capsule }: PlainFacts): BackupProfile {
  const parts = postgres !== null ? tablesOf(postgres) : capsule !== null ? foldersOf(capsule) : null;
  return { durationMs: Math.max(0, Math.round(durationMs)), contentBytes, parts };
}

/**
 * As far as a manifest tells it to everybody. Null where it does not: of what was adopted nobody knows how long it
 * took, and an encrypted one says nothing of its content.
 */
export function profileOfManifest(manifest: Manifest): BackupProfile | null {
  const { postgres, capsule, files } = manifest;
  if (manifest.adopted || (postgres === null && capsule === null)) return null;
  const durationMs = Date.parse(manifest.finishedAt) - Date.parse(manifest.startedAt);
  const contentBytes = files.reduce((sum, { content }) => sum + (content?.sizeBytes ?? 0), 0);
  return profileOf({ durationMs, contentBytes, postgres, capsule });
}

function tablesOf({ fingerprint }: PostgresFacts): readonly ProfilePart[] {
  return fingerprint.tables.map((table) => ({
    name: describeTable(table),
    count: table.rows,
    bytes: table.bytes,
  }));
}

/** Files that lie at the top stand together under this name. */
const top = ".";

function foldersOf({ entries }: CapsuleFacts): readonly ProfilePart[] {
  const files = entries.filter(({ type }) => type !== "directory");
  return [...Map.groupBy(files, folderOf)].map(([name, inside]) => ({
    name,
    count: inside.length,
    bytes: inside.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  }));
}

function folderOf({ path }: CapsuleEntry): string {
  const slash = path.indexOf("/");
  return slash < 0 ? top : path.slice(0, slash);
}
