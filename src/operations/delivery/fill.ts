import { createHash } from "node:crypto";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Destination } from "../../destinations/destination.ts";
import type { ManifestFile } from "../../domain/backups/manifest.ts";
import { asFailure, Failure } from "../../domain/failure.ts";
import { type BlockHashes, createBlockHashes } from "./block-hashes.ts";
import type { StoredAs } from "./check-stored.ts";
import type { Passed } from "./fan-out.ts";

/** A source that cannot be copied from: another one may do. */
export class BadSource {
  readonly failure: Failure;

  constructor(failure: Failure) {
    this.failure = failure;
  }
}

export interface Filling {
  readonly source: Destination;
  readonly target: Destination;
  readonly runId: string;
  readonly signal: AbortSignal;
  /** Bytes have moved. */
  readonly touch: () => void;
}

/**
 * Stages files of a finished copy at another destination, hashed on the way. Whatever fails, nothing of it stays staged;
 * a source that fails, or whose bytes are not what the manifest says, is returned, and what the target does wrong is thrown.
 */
export async function fillFrom(
  files: readonly ManifestFile[],
  filling: Filling,
): Promise<readonly StoredAs[] | BadSource> {
  const stored: StoredAs[] = [];
  try {
    for (const file of files) {
      const one = await fillFile(file, filling, stored);
      if (one !== null) return await discardAll(stored, one);
    }
    return stored;
  } catch (error) {
    await discardAll(stored, null);
    throw error;
  }
}

/** What cannot be removed now is swept by the next run; why it was to be removed is what matters. */
async function discardAll<T>(stored: readonly StoredAs[], reason: T): Promise<T> {
  await Promise.allSettled(stored.map(({ file }) => file.discard()));
  return reason;
}

/** Null when it is staged, whole, and in the list; it is in the list also when it failed. */
async function fillFile(
  file: ManifestFile,
  { source, target, runId, signal, touch }: Filling,
  list: StoredAs[],
): Promise<BadSource | null> {
  const opened = await source.open(file.path, { direct: true }).catch((error: unknown) => {
    signal.throwIfAborted();
    return badSource(source, file, error);
  });
  if (opened instanceof BadSource) return opened;
  const staged = await target.stage(file.path, runId, file.sizeBytes).catch((error: unknown) => {
    opened.stream.destroy();
    throw error;
  });
  const { sizeBytes, sha256 } = file;
  const passed = { sizeBytes, sha256 };
  const index = list.push({ file: staged, passed, blocks: [] }) - 1;
  const blocks = target.traits.readBack === "sample" ? createBlockHashes() : null;
  const failed: unknown[] = [];
  opened.stream.once("error", (error) => failed.push(error));
  const checked = demanding(passed, { blocks, touch });
  checked.once("error", () => failed.push(otherBytes(source, file)));
  staged.sink.once("error", () => failed.push(null));
  try {
    await pipeline(opened.stream, checked, staged.sink, { signal });
    list[index] = { file: staged, passed, blocks: blocks?.end() ?? [] };
    return null;
  } catch (error) {
    signal.throwIfAborted();
    const [first = null] = failed; // the first to fail is the cause: the others' ends are its consequence
    if (first === null) throw error;
    return badSource(source, file, first);
  }
}

/**
 * Lets bytes through, and fails before their end when they were not these: where a storage cannot rename, wrong ones
 * would have their final name as soon as the sink has finished.
 */
function demanding(
  expected: Passed,
  { blocks, touch }: { readonly blocks: BlockHashes | null; readonly touch: () => void },
): Transform {
  const hash = createHash("sha256");
  let sizeBytes = 0;
  return new Transform({
    highWaterMark: 1024 * 1024,
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      blocks?.update(chunk);
      sizeBytes += chunk.length;
      touch();
      done(null, chunk);
    },
    flush(done) {
      const isEqual = sizeBytes === expected.sizeBytes && hash.digest("hex") === expected.sha256;
      done(isEqual ? null : new Error("other bytes"));
    },
  });
}

function otherBytes(source: Destination, file: ManifestFile): Failure {
  return new Failure(
    "backup.mismatch",
    `Cannot copy "${file.path}" from "${source.name}": it has other bytes than when it was made`,
    { hint: "Check that copy with codex-backup verify, and restore from another one." },
  );
}

function badSource(source: Destination, file: ManifestFile, error: unknown): BadSource {
  const doing = `Cannot read "${file.path}" at "${source.name}"`;
  return new BadSource(asFailure(error, "destination.io", doing));
}
