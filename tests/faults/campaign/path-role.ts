import { basename, dirname } from "node:path";
import { parseBackupFile } from "../../../src/domain/backups/backup-file.ts";

/** What a path is to the tool, "staged dump", so that a step has the same name each night; null: nothing of ours. */
export function roleOf(path: string): string | null {
  if (/\/logs(\/|$)|^\/proc\/|^\/dev\/(?!shm\/)|\/compile-cache|\/\.cache\//.test(path)) return null;
  const name = basename(path);
  const staged = /^\.(.+)\.partial-[^.]+$/.exec(name)?.[1];
  if (staged !== undefined) return `staged ${fileKind(staged)}`;
  if (/\/state\/work\//.test(path)) return name.includes(".journal.json") ? "journal" : "scratch file";
  if (/\/state\/locks(\/|$)/.test(path)) return "lock";
  if (name.startsWith("catalog.db")) return "catalog";
  if (name.startsWith("checksums.txt") || name.startsWith(".checksums")) return "checksums.txt";
  if (name.startsWith(".codex-backup")) return "mark of the destination";
  if (/^(store|second)$/.test(basename(dirname(path)))) return fileKind(name);
  if (/^(store|second)$/.test(name)) return "destination";
  return /\/state(\/|$)/.test(path) ? "state directory" : "other file";
}

const making = ["create", "write", "writev", "writeFile", "chmod", "chown", "fsync", "truncate"];

/** Calls that belong together are one step: "stage dump" is to create, write, restrict and sync it. */
export function stepOf(method: string, role: string): string {
  if (role === "lock") return "take the lock";
  if (role === "mark of the destination") return "probe or lock the destination";
  if (role === "catalog" || role === "scratch file" || role === "other file") return `touch ${role}`;
  if (role === "state directory") return "make the state directory";
  if (making.includes(method) && role.startsWith("staged ")) return role.replace("staged", "stage");
  if (role === "journal" || role === "checksums.txt")
    return `${method === "rename" ? "replace" : "write"} ${role}`;
  return method === "link" ? `publish ${role}` : `${method} ${role}`;
}

function fileKind(name: string): string {
  if (name.startsWith("checksums.txt")) return "checksums.txt";
  const file = parseBackupFile(name)?.file;
  if (file === undefined) return "file";
  return file.kind === "signature" ? "signature" : file.kind;
}
