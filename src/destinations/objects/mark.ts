import type { ObjectHead, ObjectMetadata } from "./object-store.ts";

/**
 * What we write beside each object, so that it can be told whose it is. The names are letters alone: Azure takes
 * no others, and some servers fold their case.
 */
const runKey = "codexrun";
const uploadKey = "codexupload";

export interface Mark {
  readonly runId: string;
  /** Random, one for each attempt to store a file: after a lost answer it tells our own object from another's. */
  readonly upload: string;
}

export function formatMark(mark: Mark): ObjectMetadata {
  return { [runKey]: mark.runId, [uploadKey]: mark.upload };
}

/** Null for an object that we did not make. */
export function parseMark({ metadata }: ObjectHead): Mark | null {
  const runId = metadata[runKey];
  const upload = metadata[uploadKey];
  return runId === undefined || upload === undefined ? null : { runId, upload };
}
