import { finished } from "node:stream/promises";
import type { Destination, StagedFile } from "../../destinations/destination.ts";
import { asFailure, Failure } from "../../domain/failure.ts";
import type { Spool } from "../../platform/spool.ts";
import { createWake } from "../../platform/wake.ts";

/** A branch with more than this waiting in memory is full. */
const fullBytes = 8 * 1024 * 1024;
const spoolPieceBytes = 1024 * 1024;

/**
 * One destination's share of one file while it streams. A slow or failing branch never makes the others
 * wait and never fails them: it spills to a spool, then drops out.
 */
export interface Branch {
  readonly destination: Destination;
  readonly staged: StagedFile;
  /** Why it dropped out; null while it takes part. */
  failure(): Failure | null;
  /** Takes the chunk at once; only an append to the spool is waited for. Ignored after it dropped out. */
  push(chunk: Buffer): Promise<void>;
  isFull(): boolean;
  /** Every byte is synced. */
  isSynced(): boolean;
  /** From now on what is pushed goes to the spool, until the spool has run empty. */
  spill(): Promise<void>;
  /** Settles when room was made, or the branch has dropped out. */
  changed(): Promise<void>;
  /** No more chunks: settles when every byte is synced, or it has dropped out. Never rejects. */
  end(): Promise<void>;
  /** Drops out and removes what was staged. May be called twice; the first reason stays. */
  abandon(reason: Failure): Promise<void>;
}

export function createBranch(
  destination: Destination,
  staged: StagedFile,
  openSpool: () => Promise<Spool>,
): Branch {
  const queue: Buffer[] = [];
  const wake = createWake();
  const room = createWake();
  let queuedBytes = 0;
  let spool: Spool | null = null;
  let isSpilling = false;
  let isEnded = false;
  let isSynced = false;
  let failure: Failure | null = null;

  async function dropOut(reason: Failure): Promise<void> {
    if (failure !== null) return;
    failure = reason;
    queue.length = 0;
    queuedBytes = 0;
    wake.notify();
    room.notify();
    staged.sink.destroy();
    await spool?.close();
    await staged.discard();
  }

  async function push(chunk: Buffer): Promise<void> {
    if (failure !== null) return;
    if (isSpilling && spool !== null && spool.waitingBytes() > 0) {
      if (!(await spool.append(chunk))) await dropOut(lagging(destination));
    } else {
      isSpilling = false;
      queue.push(chunk);
      queuedBytes += chunk.length;
    }
    wake.notify();
  }

  async function spill(): Promise<void> {
    if (isSpilling || failure !== null) return;
    spool ??= await openSpool();
    const overflow = queue.splice(1);
    for (const chunk of overflow) {
      queuedBytes -= chunk.length;
      if (!(await spool.append(chunk))) return dropOut(lagging(destination));
    }
    isSpilling = true;
  }

  async function next(): Promise<Buffer | null> {
    for (;;) {
      const chunk = queue.shift();
      if (chunk !== undefined) {
        queuedBytes -= chunk.length;
        room.notify();
        return chunk;
      }
      const spooled = failure === null && spool !== null ? await spool.take(spoolPieceBytes) : null;
      if (spooled !== null) return spooled;
      if (isEnded || failure !== null) return null;
      if (queue.length === 0) await wake.wait();
    }
  }

  async function pump(): Promise<void> {
    for (let chunk = await next(); chunk !== null; chunk = await next()) {
      if (!staged.sink.write(chunk)) await drained(staged.sink);
      if (staged.sink.errored) throw staged.sink.errored;
    }
    if (failure !== null) return;
    staged.sink.end();
    await finished(staged.sink);
    isSynced = true;
    await spool?.close();
  }

  // The listener keeps a late error of an abandoned sink from being uncaught; pump() sees the error itself.
  staged.sink.on("error", () => wake.notify());
  const pumped = pump().catch((error: unknown) =>
    dropOut(asFailure(error, "destination.io", `Cannot write "${staged.name}" to "${destination.name}"`)),
  );

  return {
    destination,
    staged,
    failure: () => failure,
    push,
    isFull: () => failure === null && queuedBytes > fullBytes,
    isSynced: () => isSynced && failure === null,
    spill,
    changed: room.wait,
    async end() {
      isEnded = true;
      wake.notify();
      await pumped;
    },
    abandon: dropOut,
  };
}

/** Settles when the sink takes more, or is gone. */
function drained(sink: StagedFile["sink"]): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      sink.off("drain", done);
      sink.off("close", done);
      resolve();
    };
    if (sink.destroyed || !sink.writableNeedDrain) return resolve();
    sink.once("drain", done);
    sink.once("close", done);
  });
}

function lagging(destination: Destination): Failure {
  return new Failure(
    "destination.lagging",
    `Cannot keep up at "${destination.name}": its backlog exceeded the job's spool`,
    { hint: "It is brought up from a finished copy; raise spool if this happens each night." },
  );
}
