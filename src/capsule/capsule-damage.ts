import { Failure } from "../domain/failure.ts";

/** The file as a whole cannot be read as a capsule. A Failure that is passed as cause comes out unchanged. */
export function unreadable(path: string, seen: string, cause?: unknown): Failure {
  if (cause instanceof Failure) return cause;
  return new Failure("capsule.unreadable", `Cannot read the capsule "${path}": ${seen}`, {
    hint: "Take another copy of this backup.",
    context: { path },
    ...(cause === undefined ? {} : { cause }),
  });
}

/** One entry is not what the capsule itself says of it. */
export function damagedEntry(path: string, entry: string, seen: string): Failure {
  return new Failure("capsule.mismatch", `Cannot trust "${entry}" in the capsule "${path}": ${seen}`, {
    hint: "Take another copy of this backup.",
    context: { path, entry },
  });
}
