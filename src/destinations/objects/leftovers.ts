import { formatBackupFile, parseBackupFile } from "../../domain/backups/backup-file.ts";
import { Failure } from "../../domain/failure.ts";
import type { StagedName } from "../destination.ts";
import { parseMark } from "./mark.ts";
import { keyOf, type ObjectParts } from "./object-parts.ts";
import type { ListedObject, UnfinishedUpload } from "./object-store.ts";

const headsAtOnce = 8;

/** Under a name that a backup's file has; only these can be left over. */
export function belongsToBackup(name: string): boolean {
  return parseBackupFile(name) !== null;
}

/** Asks the store itself: a list may lag behind. */
export async function isManifestThere({ store }: ObjectParts, name: string): Promise<boolean> {
  const manifest = manifestOf(name);
  return manifest !== null && (await store.head(manifest)) !== null;
}

function manifestOf(name: string): string | null {
  const parsed = parseBackupFile(name);
  return parsed && formatBackupFile(parsed.base, { kind: "manifest" });
}

/** Final names: no hidden ones, and nothing in a folder below. */
export function isPlainName(key: string): boolean {
  return key !== "" && !key.startsWith(".") && !key.includes("/");
}

/** Uploads that were not completed, and whole objects of ours whose backup has no manifest; sorted by name. */
export async function listLeftovers(parts: ObjectParts): Promise<readonly StagedName[]> {
  const [objects, uploads] = await Promise.all([parts.store.list(), parts.store.listUploads()]);
  const names = new Set(objects.map(({ key }) => key));
  const open = objects.filter(({ key }) => {
    const manifest = isPlainName(key) ? manifestOf(key) : null;
    return manifest !== null && !names.has(manifest);
  });
  const whole = await marked(parts, open);
  const unfinished = uploads.filter(
    ({ key, handle }) => isPlainName(key) && !parts.known.uploading.has(handle),
  );
  return [...whole, ...unfinished.map(stagedUpload)].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function stagedUpload({ key, handle, startedMs }: UnfinishedUpload): StagedName {
  return { name: key, runId: null, handle, sizeBytes: 0, modifiedMs: startedMs };
}

/** Those that bear our mark and were not published by this process. */
async function marked(parts: ObjectParts, objects: readonly ListedObject[]): Promise<readonly StagedName[]> {
  const found: StagedName[] = [];
  const queue = objects.values();
  const work = async () => {
    for (const { key, sizeBytes, modifiedMs } of queue) {
      const head = await parts.store.head(key);
      const mark = head && parseMark(head);
      if (mark && !parts.known.published.has(keyOf(key, mark.runId)))
        found.push({ name: key, runId: mark.runId, handle: mark.upload, sizeBytes, modifiedMs });
    }
  };
  await Promise.all(Array.from({ length: Math.min(headsAtOnce, objects.length) }, work));
  return found;
}

/** False when it is gone, or published by now. Throws "destination.denied" when the storage keeps it for now. */
export async function discardLeftover(parts: ObjectParts, left: StagedName): Promise<boolean> {
  return left.runId === null ? abortLeftover(parts, left) : removeLeftover(parts, left, left.runId);
}

async function abortLeftover({ store }: ObjectParts, { name, handle }: StagedName): Promise<boolean> {
  const upload = (await store.listUploads()).find((one) => one.key === name && one.handle === handle);
  if (upload === undefined) return false;
  await store.abortUpload(upload);
  return true;
}

async function removeLeftover(parts: ObjectParts, left: StagedName, runId: string): Promise<boolean> {
  const { name, handle } = left;
  if (parts.known.published.has(keyOf(name, runId))) return false;
  const found = await parts.store.head(name);
  if (found === null || parseMark(found)?.upload !== handle) return false;
  if (await isManifestThere(parts, name)) return false;
  const removed = await parts.store.remove(name);
  if (removed !== "retained") return removed === "removed";
  throw new Failure(
    "destination.denied",
    `Cannot remove "${name}" from "${parts.settings.location}": the storage keeps it for now`,
    { hint: "Wait until its lock ends; it is tried again each night." },
  );
}
