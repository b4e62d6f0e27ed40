import { join } from "node:path";
import type { CapsuleProgress } from "../../capsule/capsule.ts";
import type { CapsuleEntry } from "../../domain/backups/manifest.ts";
import type { CapsuleRestored } from "../../domain/backups/restore-report.ts";
import { Failure } from "../../domain/failure.ts";
import { type Decryptor, isAgeFile } from "../../encryption/encryption.ts";
import type { Context } from "../context.ts";
import { withLocalFile } from "../local-file.ts";
import type { BackupFiles } from "./backup-files.ts";
import { readHead } from "./bare-file.ts";
import { openBarePlain } from "./dump-source.ts";
import { withPlainFile } from "./plain-file.ts";

export interface CapsuleRestore {
  /** A backup, or a zip on this machine without a manifest beside it. */
  readonly from: BackupFiles | { readonly path: string };
  /** Opens an encrypted one; null where there is no key. */
  readonly decryptor: Decryptor | null;
  /** Absolute directory. */
  readonly to: string;
  /** What the user typed as the directory that may be written over; null: it must be new or empty. */
  readonly overwrite: string | null;
  /** Paths inside; empty means all. */
  readonly only: readonly string[];
  /** Only reads the capsule and lists what would be written. */
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
}

/** Hash first, then every entry is decoded and compared before the first file is written. */
export async function restoreCapsule(context: Context, request: CapsuleRestore): Promise<CapsuleRestored> {
  const startedMs = context.clock.monotonicMs();
  if (request.overwrite !== null && request.overwrite !== request.to) {
    throw new Failure(
      "usage.refused",
      `Cannot overwrite: --overwrite says "${request.overwrite}", and the target is "${request.to}"`,
      { hint: "Type the target's own path after --overwrite." },
    );
  }
  return withZip(context, request, async (path) => {
    const isForeign = await isForeignZip(context, request, path);
    const entries = await restoreZip(context, request, { path, isForeign });
    const durationMs = Math.round(context.clock.monotonicMs() - startedMs);
    const { from, to, dryRun } = request;
    return {
      kind: "capsule",
      from: "path" in from ? from.path : from.name,
      directory: to,
      entries,
      isRestored: !dryRun,
      isHashChecked: !isForeign || "manifest" in from,
      durationMs,
    };
  });
}

/** Zips of other programs, adopted or bare, have no entry list: their own directory says what is inside. */
async function isForeignZip(context: Context, { from }: CapsuleRestore, path: string): Promise<boolean> {
  const origin = await context.capsules.originOf(path);
  return origin === "foreign" || ("manifest" in from && from.manifest.adopted);
}

interface JudgedZip {
  readonly path: string;
  readonly isForeign: boolean;
}

async function restoreZip(
  context: Context,
  request: CapsuleRestore,
  { path, isForeign }: JudgedZip,
): Promise<number> {
  const { capsules } = context;
  const { to, overwrite, only, signal } = request;
  const checking = { signal, onProgress: progressOf(context, request, "verify") };
  const options = {
    target: to,
    overwrite: overwrite !== null,
    only,
    signal,
    onProgress: progressOf(context, request, "restore"),
  };
  if (isForeign && !request.dryRun) return capsules.extractForeign(path, options);
  const listed = await (isForeign ? capsules.checkForeign : capsules.check)(path, checking);
  if (request.dryRun) return wantedOf(listed, { path, only }).length;
  return capsules.extract(path, options);
}

function progressOf(
  context: Context,
  { to }: CapsuleRestore,
  step: "verify" | "restore",
): (progress: CapsuleProgress) => void {
  return ({ doneBytes, totalBytes, current }) =>
    context.onProgress({ subject: to, step, doneBytes, totalBytes, current });
}

/** What extracting would write, and the same refusal where it would find nothing. */
function wantedOf(
  entries: readonly CapsuleEntry[],
  { path, only }: { readonly path: string; readonly only: readonly string[] },
): readonly CapsuleEntry[] {
  const wanted = only.map((name) => name.replace(/^\.?\/+|\/+$/g, ""));
  for (const name of wanted) {
    if (entries.some((entry) => lies(entry, name))) continue;
    throw new Failure("capsule.entry-missing", `Cannot find "${name}" in "${path}"`, {
      hint: "List what is in it with unzip -l; paths are relative to its root.",
    });
  }
  return entries.filter((entry) => wanted.length === 0 || wanted.some((name) => lies(entry, name)));
}

function lies({ path }: CapsuleEntry, name: string): boolean {
  return name === "" || path === name || path === `${name}/` || path.startsWith(`${name}/`);
}

async function withZip<T>(
  context: Context,
  request: CapsuleRestore,
  use: (path: string) => Promise<T>,
): Promise<T> {
  const { from, to, signal, decryptor } = request;
  if ("path" in from) return withBareZip(context, request, { path: from.path, use });
  const file = from.manifest.files.find((candidate) => candidate.role === "capsule");
  if (!file) {
    throw new Failure(
      "postgres.restore-refused",
      `Cannot restore "${from.manifest.id}" into a directory: it is a dump`,
      { hint: "Give --to the name of a new database." },
    );
  }
  const onBytes = (doneBytes: number) =>
    context.onProgress({
      subject: to,
      step: "verify",
      doneBytes,
      totalBytes: file.sizeBytes,
      current: file.path,
    });
  return withPlainFile(context, { files: from, file, decryptor, signal, onBytes }, use);
}

interface BareZip<T> {
  readonly path: string;
  readonly use: (path: string) => Promise<T>;
}

async function withBareZip<T>(
  context: Context,
  { decryptor }: CapsuleRestore,
  { path, use }: BareZip<T>,
): Promise<T> {
  const { head } = await readHead(path);
  const localPath = isAgeFile(head) ? null : path;
  const open = async () => ({ stream: await openBarePlain(path, decryptor) });
  const { statePath, host } = context;
  return withLocalFile({ localPath, open, workPath: join(statePath, "work"), host }, use);
}
