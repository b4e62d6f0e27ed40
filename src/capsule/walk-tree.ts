import { errnoOf } from "../domain/failure.ts";
import type { CapsuleLeftOut } from "./capsule.ts";
import { compareRaw, type RawName, rawOfText, textOf } from "./raw-name.ts";
import type { Selection } from "./selection.ts";
import type { FileFacts, TreeDoor } from "./tree-door.ts";

/** Something that goes into the capsule, as it was when walked; folders end in "/". */
export interface FoundEntry {
  readonly raw: RawName;
  readonly kind: "file" | "directory" | "symlink";
  readonly sizeBytes: number;
  readonly mode: number;
  readonly modifiedMs: number;
  readonly touchedMs: number;
}

export interface WalkedTree {
  /** Sorted by bytes. */
  readonly found: readonly FoundEntry[];
  readonly leftOut: readonly CapsuleLeftOut[];
}

interface Walk {
  readonly root: RawName;
  readonly door: TreeDoor;
  readonly selection: Selection;
  readonly found: FoundEntry[];
  readonly leftOut: CapsuleLeftOut[];
}

interface Folder {
  /** "" for the root, else ending in "/". */
  readonly raw: RawName;
  /** Everything below is taken unless excluded. */
  readonly isTaken: boolean;
  /** The folder's own identity and those of all above it. */
  readonly line: ReadonlySet<string>;
}

/**
 * Lists what the selection takes below `root` (already resolved). Links are listed, never followed. Folders that
 * lead to something taken are listed too. Throws the system's error when the root itself cannot be listed.
 */
export function walkTree(root: RawName, selection: Selection, door: TreeDoor): WalkedTree {
  const walk: Walk = { root, door, selection, found: [], leftOut: [] };
  const line = new Set([door.factsAt(root).identity]);
  const isTaken = selection.literalHeads.length === 0 && selection.verdict("") === "taken";
  const top: Folder = { raw: "", isTaken, line };
  for (const name of door.list(root)) visit(walk, top, name);
  noteMissingHeads(walk);
  walk.found.sort((a, b) => compareRaw(a.raw, b.raw));
  walk.leftOut.sort((a, b) => compareRaw(a.path, b.path));
  return { found: walk.found, leftOut: walk.leftOut };
}

/** True when the name or something below it was taken. */
function visit(walk: Walk, parent: Folder, name: RawName): boolean {
  const raw = `${parent.raw}${name}`;
  const verdict = walk.selection.verdict(textOf(raw));
  if (verdict === "excluded") return false;
  const isTaken = parent.isTaken || verdict === "taken";
  if (!isTaken && !walk.selection.mayContain(textOf(raw))) return false;
  const facts = attempt(walk, raw, () => walk.door.factsAt(`${walk.root}/${raw}`));
  if (facts === null) return false;
  if (facts.kind === "directory") return enter(walk, { parent, raw: `${raw}/`, isTaken, facts });
  return isTaken && take(walk, raw, facts);
}

function take(walk: Walk, raw: RawName, facts: FileFacts): boolean {
  const { kind, sizeBytes, mode, modifiedMs, touchedMs } = facts;
  if (kind === "fifo" || kind === "socket" || kind === "device") {
    walk.leftOut.push({ path: textOf(raw), reason: kind, isLoss: false });
    return false;
  }
  walk.found.push({
    raw,
    kind,
    sizeBytes: kind === "directory" ? 0 : sizeBytes,
    mode,
    modifiedMs,
    touchedMs,
  });
  return true;
}

interface Entering {
  readonly parent: Folder;
  readonly raw: RawName;
  readonly isTaken: boolean;
  readonly facts: FileFacts;
}

function enter(walk: Walk, at: Entering): boolean {
  if (at.parent.line.has(at.facts.identity)) {
    // What lies in it is in the capsule already, through the folder above that it repeats.
    walk.leftOut.push({ path: textOf(at.raw), reason: "cycle", isLoss: false });
    return false;
  }
  const names = attempt(walk, at.raw, () => walk.door.list(`${walk.root}/${at.raw.slice(0, -1)}`));
  const line = new Set(at.parent.line).add(at.facts.identity);
  const folder: Folder = { raw: at.raw, isTaken: at.isTaken, line };
  let holdsAny = at.isTaken;
  for (const name of names ?? []) holdsAny = visit(walk, folder, name) || holdsAny;
  return holdsAny && take(walk, at.raw, at.facts);
}

function attempt<T>(walk: Walk, raw: RawName, look: () => T): T | null {
  try {
    return look();
  } catch (error) {
    const reason = errnoOf(error) === "ENOENT" ? "vanished" : "unreadable";
    walk.leftOut.push({ path: textOf(raw), reason, isLoss: true });
    return null;
  }
}

/** A folder that the operator named and that is not there must not leave the capsule looking whole. */
function noteMissingHeads(walk: Walk): void {
  for (const head of walk.selection.literalHeads) {
    try {
      walk.door.factsAt(`${walk.root}/${rawOfText(head)}`);
    } catch (error) {
      const errno = errnoOf(error);
      if (errno !== "ENOENT" && errno !== "ENOTDIR") continue; // the walk has met it and recorded it
      walk.leftOut.push({ path: head, reason: "missing", isLoss: true });
    }
  }
}
