import { hash } from "node:crypto";
import { errnoOf } from "../domain/failure.ts";
import type { CapsuleLeftOut } from "./capsule.ts";
import type { RawName } from "./raw-name.ts";
import type { FileFacts, TreeDoor } from "./tree-door.ts";

export type SteadyRead =
  | {
      readonly kind: "read";
      /** Valid until the scratch buffer is used again. */
      readonly content: Buffer;
      readonly facts: FileFacts;
      readonly state: "stable" | "grown" | "changed";
    }
  | { readonly kind: "left-out"; readonly reason: CapsuleLeftOut["reason"] }
  /** Larger than the scratch buffer by now: to be streamed. */
  | { readonly kind: "large" };

/** Long enough for a writer to finish a small file, short enough not to be noticed in a run. */
const pausesMs = [10, 50, 250];

/**
 * Reads a file between two looks at its size and times. Only appended to meanwhile, and what was read proven
 * to be still there: "grown", taken to the first size. Anything else is read again up to three times and then
 * taken as "changed": its content may never have existed as a whole.
 */
export function readSteady(door: TreeDoor, path: RawName, scratch: Buffer): SteadyRead {
  for (let attempt = 0; ; attempt += 1) {
    const isLast = attempt >= pausesMs.length;
    const seen = withFile(door, path, (descriptor) => readOnce(door, descriptor, { path, scratch }));
    if (seen.kind !== "read" && seen.kind !== "moved") return seen;
    if (seen.kind === "read" && (seen.state !== "changed" || isLast)) return seen;
    if (isLast) return { kind: "left-out", reason: "vanished" };
    door.pause(pausesMs[attempt] ?? 0);
  }
}

/** "moved": the opened file does not lie at its path (renamed, or a folder above was swapped for a link). */
type Attempt = SteadyRead | { readonly kind: "moved" };

function withFile(door: TreeDoor, path: RawName, read: (descriptor: number) => Attempt): Attempt {
  let descriptor: number;
  try {
    descriptor = door.open(path);
  } catch (error) {
    return { kind: "left-out", reason: reasonOf(error) };
  }
  try {
    return read(descriptor);
  } catch {
    return { kind: "left-out", reason: "unreadable" }; // an I/O error: recorded as a loss, the rest goes on
  } finally {
    door.close(descriptor);
  }
}

/** Why a file that was there when walking cannot be opened now. */
export function reasonOf(error: unknown): CapsuleLeftOut["reason"] {
  const errno = errnoOf(error);
  if (errno === "ENOENT" || errno === "ENOTDIR") return "vanished";
  return errno === "ELOOP" || errno === "ENXIO" ? "changed-type" : "unreadable";
}

interface Reading {
  readonly path: RawName;
  readonly scratch: Buffer;
}

function readOnce(door: TreeDoor, descriptor: number, { path, scratch }: Reading): Attempt {
  const before = door.factsOf(descriptor);
  if (before.kind !== "file") return { kind: "left-out", reason: "changed-type" };
  const lies = door.pathOf(descriptor);
  if (lies !== null && lies !== path) return { kind: "moved" };
  if (before.sizeBytes > scratch.length) return { kind: "large" };
  const content = fill(door, descriptor, scratch.subarray(0, before.sizeBytes));
  const state = judge(before, content.length, door.factsOf(descriptor));
  if (state !== "grown") return { kind: "read", content, facts: before, state };
  const first = hash("sha256", content, "hex");
  const again = fill(door, descriptor, content);
  const isSame = again.length === content.length && hash("sha256", again, "hex") === first;
  return { kind: "read", content, facts: before, state: isSame ? "grown" : "changed" };
}

function fill(door: TreeDoor, descriptor: number, into: Buffer): Buffer {
  let done = 0;
  while (done < into.length) {
    const count = door.read(descriptor, into.subarray(done), done);
    if (count === 0) break;
    done += count;
  }
  return into.subarray(0, done);
}

/** What two looks at a file say of the bytes read between them. */
export function judge(
  before: FileFacts,
  readBytes: number,
  after: FileFacts,
): "stable" | "grown" | "changed" {
  if (readBytes !== before.sizeBytes || after.sizeBytes < before.sizeBytes) return "changed";
  if (after.sizeBytes > before.sizeBytes) return "grown";
  return after.stamp === before.stamp ? "stable" : "changed";
}
