import { Failure } from "../../domain/failure.ts";
import { sleep } from "../../platform/clock.ts";
import type { Mark } from "./mark.ts";
import { formatMark, parseMark } from "./mark.ts";
import type { ObjectParts } from "./object-parts.ts";
import type { ObjectHead } from "./object-store.ts";

/** A store that shows an object later than it took it is waited for so long, and no longer. */
const visibleWithinMs: readonly number[] = [200, 500, 1000, 2000, 4000];

export interface Taking {
  readonly name: string;
  readonly mark: Mark;
  readonly sizeBytes: number;
  /** In parts. Some servers refuse to put onto a name that is taken, and complete onto it all the same (Ceph 16). */
  readonly isUpload?: boolean;
}

/**
 * Runs the step that takes a name (put, or complete), and asks the store what stands there when the step failed:
 * an answer that was lost on the way looks like a failure, and its repetition like a name that somebody else
 * took. Ours is what has our mark and our size. Throws "destination.exists" for another's.
 */
export async function takeName(
  parts: ObjectParts,
  taking: Taking,
  step: () => Promise<unknown>,
): Promise<void> {
  if (parts.known.refusesOverwrite !== true || taking.isUpload === true) await refuseTaken(parts, taking);
  try {
    await step();
  } catch (error) {
    if (!(await isStored(parts, taking, error))) throw error;
  }
}

/** Stores a small file under its name, which must be free. */
export async function putSmall(
  parts: ObjectParts,
  { name, runId, bytes }: { readonly name: string; readonly runId: string; readonly bytes: Uint8Array },
): Promise<Mark> {
  const mark = { runId, upload: parts.deps.randomToken(16) };
  const taking = { name, mark, sizeBytes: bytes.length };
  await takeName(parts, taking, () => parts.store.put(name, bytes, formatMark(mark)));
  return mark;
}

/** Asks several times for an object that must be there. Null: it is not, after all. */
export async function headStored({ store, deps }: ObjectParts, name: string): Promise<ObjectHead | null> {
  for (const waitMs of visibleWithinMs) {
    const found = await store.head(name);
    if (found !== null) return found;
    await sleep(deps.clock, waitMs);
  }
  return store.head(name);
}

async function refuseTaken({ store, settings }: ObjectParts, { name }: Taking): Promise<void> {
  if ((await store.head(name)) === null) return;
  throw new Failure(
    "destination.exists",
    `Cannot publish "${name}" at "${settings.location}": there is already an object of that name`,
    { hint: "Move that object away, or let the job's name carry the time." },
  );
}

async function isStored(parts: ObjectParts, taking: Taking, error: unknown): Promise<boolean> {
  const isTaken = error instanceof Failure && error.code === "destination.exists";
  try {
    const found = await (isTaken ? headStored(parts, taking.name) : parts.store.head(taking.name));
    if (found === null || found.sizeBytes !== taking.sizeBytes) return false;
    return parseMark(found)?.upload === taking.mark.upload;
  } catch {
    return false; // the step's own failure is the one to tell
  }
}
