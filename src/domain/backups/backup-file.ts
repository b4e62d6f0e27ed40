import type { Instant } from "../instant.ts";
import { formatTimestamp, parseTimestamp } from "../timestamp.ts";
import { companionPrefixes } from "./name-template.ts";

/** One file of a backup, apart from the base name that all its files share. */
export type BackupFile =
  | {
      readonly kind: "dump";
      readonly format: "sql" | "custom";
      readonly compression: "none" | "gzip" | "zstd";
    }
  | { readonly kind: "capsule" }
  /** Roles and tablespaces. */
  | { readonly kind: "globals" }
  /** Owner, locale, grants and settings of the database itself. */
  | { readonly kind: "database" }
  | { readonly kind: "manifest" | "sha256" | "hold" | "accepted" }
  /** What only the holder of a key may know of an encrypted backup. */
  | { readonly kind: "private" }
  /** Receipts, numbered by time. */
  | { readonly kind: "check" | "proof"; readonly at: Instant }
  /** The minisign signature of another file. */
  | { readonly kind: "signature"; readonly of: BackupFile }
  /** Another file, encrypted by age. */
  | { readonly kind: "encrypted"; readonly of: BackupFile };

/** NAME.manifest.json.minisig */
export const manifestSignature: BackupFile = { kind: "signature", of: { kind: "manifest" } };

export interface NamedBackupFile {
  readonly base: string;
  readonly file: BackupFile;
}

type PlainFile = Extract<
  BackupFile,
  { readonly kind: "dump" | "capsule" | "manifest" | "sha256" | "hold" | "accepted" | "private" }
>;

const endings: readonly (readonly [ending: string, file: PlainFile])[] = [
  [".sql", { kind: "dump", format: "sql", compression: "none" }],
  [".sql.gz", { kind: "dump", format: "sql", compression: "gzip" }],
  [".sql.zst", { kind: "dump", format: "sql", compression: "zstd" }],
  [".dump", { kind: "dump", format: "custom", compression: "none" }],
  [".dump.gz", { kind: "dump", format: "custom", compression: "gzip" }],
  [".dump.zst", { kind: "dump", format: "custom", compression: "zstd" }],
  [".zip", { kind: "capsule" }],
  [".manifest.json", { kind: "manifest" }],
  [".sha256", { kind: "sha256" }],
  [".hold", { kind: "hold" }],
  [".accepted", { kind: "accepted" }],
  [".private.json", { kind: "private" }],
];

/** Endings that are added to the whole name of another file. */
const wrappers = [
  [".minisig", "signature"],
  [".age", "encrypted"],
] as const;

/**
 * The name of a file of the backup `base` at its destination. parseBackupFile reads it back when the base
 * name comes from formatBackupName.
 */
export function formatBackupFile(base: string, file: BackupFile): string {
  switch (file.kind) {
    case "globals":
    case "database":
      return `${file.kind}_${base}.sql`;
    case "check":
    case "proof":
      return `${base}.${file.kind}-${formatTimestamp(file.at)}.json`;
    case "signature":
      return `${formatBackupFile(base, file.of)}.minisig`;
    case "encrypted":
      return `${formatBackupFile(base, file.of)}.age`;
    default:
      return `${base}${endingOf(file)}`;
  }
}

/** Which file of which backup a name means; null for names that are none of ours (checksums.txt, hidden ones). */
export function parseBackupFile(name: string): NamedBackupFile | null {
  if (name.startsWith(".")) return null;
  const wrapper = wrappers.find(([ending]) => name.endsWith(ending));
  if (wrapper === undefined) return parsePrefixed(name) ?? parseNumbered(name) ?? parsePlain(name);
  const [ending, kind] = wrapper;
  const inner = parseBackupFile(name.slice(0, -ending.length));
  return inner && { base: inner.base, file: { kind, of: inner.file } };
}

/** The file without what is wrapped round it: of NAME.sql.age the dump. */
export function unwrapped(file: BackupFile): BackupFile {
  return "of" in file ? unwrapped(file.of) : file;
}

function endingOf(file: PlainFile): string {
  const found = endings.find(([, listed]) => isSameFile(listed, file));
  if (!found) throw new RangeError(`no ending for ${JSON.stringify(file)}`);
  return found[0];
}

function isSameFile(a: PlainFile, b: PlainFile): boolean {
  if (a.kind !== "dump" || b.kind !== "dump") return a.kind === b.kind;
  return a.format === b.format && a.compression === b.compression;
}

function parsePrefixed(name: string): NamedBackupFile | null {
  const prefix = companionPrefixes.find((start) => name.startsWith(start));
  if (prefix === undefined || !name.endsWith(".sql")) return null;
  const base = name.slice(prefix.length, -".sql".length);
  return base === "" ? null : { base, file: { kind: prefix === "globals_" ? "globals" : "database" } };
}

function parseNumbered(name: string): NamedBackupFile | null {
  const found = /^(.+)\.(check|proof)-(\d{8}T\d{6}Z)\.json$/s.exec(name);
  if (!found) return null;
  const [, base = "", kind, time = ""] = found;
  const at = parseTimestamp(time);
  return at === null ? null : { base, file: { kind: kind === "check" ? "check" : "proof", at } };
}

function parsePlain(name: string): NamedBackupFile | null {
  const found = endings.find(([ending]) => name.endsWith(ending) && name.length > ending.length);
  return found ? { base: name.slice(0, -found[0].length), file: found[1] } : null;
}
