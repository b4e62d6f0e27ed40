import { Readable } from "node:stream";
import { Failure, messageOf } from "../domain/failure.ts";
import { damagedEntry } from "./capsule-damage.ts";
import { decodeLarge } from "./decode-large.ts";
import { type CapsuleItem, type OpenCapsule, openCapsule } from "./open-capsule.ts";

/**
 * A stream of one file's content; it errs with "capsule.mismatch" at its end when size or CRC differ, and closes the
 * capsule. Throws "capsule.entry-missing", and what opening throws.
 */
export async function openEntry(path: string, entry: string): Promise<Readable> {
  const capsule = await openCapsule(path);
  const item = capsule.items.find((candidate) => candidate.entry.path === entry);
  if (item !== undefined && item.entry.type === "file")
    return Readable.from(contentOf(capsule, item), { objectMode: false });
  await capsule.handle.close();
  const seen = item === undefined ? "there is no such entry" : `it is a ${item.entry.type}`;
  throw new Failure("capsule.entry-missing", `Cannot open "${entry}" in "${path}": ${seen}`, {
    hint: "List what is in it with unzip -l; paths are relative to its root.",
    context: { path, entry },
  });
}

async function* contentOf(capsule: OpenCapsule, item: CapsuleItem): AsyncGenerator<Buffer> {
  try {
    yield* decodeLarge(capsule.handle, item.row);
  } catch (error) {
    throw damagedEntry(capsule.path, item.entry.path, messageOf(error));
  } finally {
    await capsule.handle.close();
  }
}
