import { type BackupFile, formatBackupFile, parseBackupFile } from "../../domain/backups/backup-file.ts";
import { parseManifest } from "../../domain/backups/manifest-text.ts";

/** A receipt of a check or a proof, or its signature, of one of these backups. */
export function isReceiptOf(name: string, ids: ReadonlySet<string>): boolean {
  const parsed = parseBackupFile(name);
  if (parsed === null || !ids.has(parsed.base)) return false;
  const { kind } = parsed.file.kind === "signature" ? parsed.file.of : parsed.file;
  return kind === "check" || kind === "proof";
}

/** The data files that the manifest names; what else stands beside them under this name is told by isBeside. */
export function dataOf(manifestText: string | null, id: string): readonly string[] {
  if (manifestText === null) return [];
  return parseManifest(Buffer.from(manifestText), `catalog: ${id}`).files.map((file) => file.path);
}

/** Of the backup `id`, whose data is `data`, and to be removed with it; a hold is not. */
export function isBeside(name: string, id: string, data: readonly string[]): boolean {
  const parsed = parseBackupFile(name);
  return parsed !== null && parsed.base === id && isPartOf(parsed.file, id, data);
}

function isPartOf(file: BackupFile, id: string, data: readonly string[]): boolean {
  switch (file.kind) {
    case "manifest":
    case "sha256":
    case "accepted":
    case "check":
    case "proof":
      return true;
    case "dump":
    case "capsule":
    case "globals":
    case "database":
    case "private":
    case "encrypted":
      return data.includes(formatBackupFile(id, file)); // a file of somebody else may have such a name
    case "hold":
      return false;
    case "signature":
      return isPartOf(file.of, id, data);
    default:
      return file satisfies never;
  }
}
