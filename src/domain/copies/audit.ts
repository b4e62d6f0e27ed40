import { type BackupFile, parseBackupFile, unwrapped } from "../backups/backup-file.ts";
import { parseConfigCopy } from "../backups/config-copy-name.ts";
import type { Instant } from "../instant.ts";
import { type AuditKind, auditKinds } from "./audit-finding.ts";

/** A file as a destination lists it. */
export interface ListedFile {
  readonly name: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
}

/** What the catalog says of one copy there. */
export interface AuditedCopy {
  readonly id: string;
  /** "gone": policy has removed it, or was at it. */
  readonly state: "there" | "missing" | "altered" | "gone";
  /** The storage refused to remove it, and policy is done with it. */
  readonly isRetained: boolean;
}

export interface AuditFacts {
  readonly files: readonly ListedFile[];
  readonly copies: readonly AuditedCopy[];
  readonly now: Instant;
}

/** What is to be told of one file or backup. */
export interface AuditFinding {
  readonly kind: AuditKind;
  /** Of the backup, or of the file. */
  readonly name: string;
  readonly text: string;
}

/** A run lasts no longer; files of ours that are younger may be of one that is at it. */
const orphanMs = 2 * 86_400_000;

/**
 * What a destination's list and the catalog do not agree upon, by kind. Decides nothing: a foreign file is told and never
 * touched, and a dump without anything of ours beside it is foreign, because old scripts and people make such files.
 */
export function auditListing({ files, copies, now }: AuditFacts): readonly AuditFinding[] {
  const known = new Map(copies.map((copy) => [copy.id, copy]));
  const byBase = Map.groupBy(files, ({ name }) => baseOf(name) ?? "");
  const findings = [
    ...copies.flatMap((copy) => ofCopy(copy, byBase.has(copy.id))),
    ...[...byBase].flatMap(([base, own]) => (base === "" || known.has(base) ? [] : ofBase(base, own, now))),
    ...(byBase.get("") ?? []).flatMap(({ name }) => (isOurs(name) ? [] : [foreign(name)])),
  ];
  return findings.toSorted((a, b) => auditKinds.indexOf(a.kind) - auditKinds.indexOf(b.kind));
}

function baseOf(name: string): string | null {
  return parseConfigCopy(name) === null ? (parseBackupFile(name)?.base ?? null) : null;
}

/** What lies beside backups and is none. */
function isOurs(name: string): boolean {
  const isChecksums = /^(test_)?checksums.*\.txt$/.test(name);
  return isChecksums || /^RESTORE-v\d+\.md$/.test(name) || parseConfigCopy(name) !== null;
}

function ofCopy({ id, state, isRetained }: AuditedCopy, isAnythingThere: boolean): readonly AuditFinding[] {
  if (state === "missing") return [finding("missing", id, "its manifest or a file of it is gone")];
  if (state === "altered") return [finding("altered", id, "it is not what was stored")];
  if (state === "gone" && isAnythingThere)
    return [finding("over-retained", id, "policy has removed it, and files of it are still there")];
  if (isRetained) return [finding("over-retained", id, "policy is done with it, and the storage keeps it")];
  return [];
}

/** Files that share a name which the catalog does not know there. */
function ofBase(base: string, files: readonly ListedFile[], now: Instant): readonly AuditFinding[] {
  const kinds = new Set(files.map(({ name }) => parseBackupFile(name)?.file.kind));
  if (kinds.has("manifest"))
    return [
      finding("unknown", base, "it lies there, the catalog does not know it: codex-backup catalog rebuild"),
    ];
  const isWritten = files.some(({ name }) => isSidecar(parseBackupFile(name)?.file));
  if (!isWritten) return files.map(({ name }) => foreign(name));
  if (files.some(({ modifiedMs }) => now - modifiedMs < orphanMs)) return [];
  return [finding("orphaned", base, "files of a backup that has no manifest")];
}

/** Nobody else makes such files. */
function isSidecar(file: BackupFile | undefined): boolean {
  if (file === undefined) return false;
  const { kind } = unwrapped(file);
  return ["private", "check", "proof", "globals", "database"].includes(kind);
}

function foreign(name: string): AuditFinding {
  return finding("foreign", name, "it is not ours, and never touched");
}

function finding(kind: AuditKind, name: string, text: string): AuditFinding {
  return { kind, name, text };
}
