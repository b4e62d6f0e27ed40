import { createHash } from "node:crypto";
import { Writable } from "node:stream";
import { Failure } from "../../domain/failure.ts";
import type { Branch } from "./branch.ts";
import { noCopiesLeft } from "./no-copies.ts";

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

/**
 * Writes one stream to all branches. The fastest branch sets the pace: while at least one has room, full
 * ones spill; only when all are full does the source wait.
 */
export function createFanOut(branches: readonly Branch[], onBytes: (doneBytes: number) => void): FanOut {
  const hash = createHash("sha256");
  let sizeBytes = 0;
  let passed: Passed | null = null;

  async function take(chunk: Buffer): Promise<void> {
    hash.update(chunk);
    sizeBytes += chunk.length;
    await Promise.all(branches.map((branch) => branch.push(chunk)));
    await keepPace(branches);
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

async function keepPace(branches: readonly Branch[]): Promise<void> {
  failIfAllDropped(branches);
  const full = branches.filter((branch) => branch.isFull());
  if (full.length === 0) return;
  const hasRoom = branches.some((branch) => branch.failure() === null && !branch.isFull());
  if (hasRoom) await Promise.all(full.map((branch) => branch.spill()));
  else await Promise.race(full.map((branch) => branch.changed()));
}

function failIfAllDropped(branches: readonly Branch[]): void {
  const reasons = branches.map((branch) => branch.failure()).filter((reason) => reason !== null);
  if (reasons.length === branches.length) throw noCopiesLeft(reasons);
}
