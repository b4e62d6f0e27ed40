import { createHash } from "node:crypto";
import { Writable } from "node:stream";
import { Failure } from "../../domain/failure.ts";
import type { Branch } from "./branch.ts";
import { failIfAllDropped, keepPace, type OnHeldUp, spread } from "./pace.ts";

/** What went through a fan-out. */
export interface Passed {
  readonly sizeBytes: number;
  /** Hex. */
  readonly sha256: string;
}

export interface FanOut {
  /** Finishes when the first branch has every byte synced; fails with "run.no-copies" when all dropped out. */
  readonly sink: Writable;
  /** What the destinations got; after `sink` has finished. */
  passed(): Passed;
  /** What went into `sink`: the same, unless it was encrypted behind it. After it has finished. */
  content(): Passed;
}

/** Writes one stream to all branches; whom it waits for, and who drops out, pace.ts says. */
export function createFanOut(
  branches: readonly Branch[],
  onBytes: (doneBytes: number) => void,
  onHeldUp: OnHeldUp = () => undefined,
): FanOut {
  const hash = createHash("sha256");
  let sizeBytes = 0;
  let passed: Passed | null = null;

  async function take(chunk: Buffer): Promise<void> {
    hash.update(chunk);
    sizeBytes += chunk.length;
    await spread(branches, chunk, onHeldUp);
    await keepPace(branches, onHeldUp);
    onBytes(sizeBytes);
  }

  async function finish(): Promise<void> {
    passed = { sizeBytes, sha256: hash.digest("hex") };
    const ends = branches.map(async (branch) => {
      await branch.end();
      if (branch.failure() !== null) throw branch.failure();
    });
    await Promise.any(ends).catch(() => failIfAllDropped(branches));
  }

  const sink = new Writable({
    highWaterMark: 1024 * 1024,
    write: (chunk: Buffer, _encoding, done) => void take(chunk).then(() => done(), done),
    final: (done) => void finish().then(() => done(), done),
  });
  const whole = () => {
    if (passed !== null) return passed;
    throw new Failure("run.internal", "Cannot tell what was written: the stream has not ended");
  };
  return { sink, passed: whole, content: whole };
}
