import { finished } from "node:stream/promises";
import type { Destination, StagedFile } from "../../destinations/destination.ts";
import { asFailure, Failure, messageOf } from "../../domain/failure.ts";
import type { Spool } from "../../platform/spool.ts";
import { createWake } from "../../platform/wake.ts";

/** A branch with more than this waiting in memory is full. */
const fullBytes = 8 * 1024 * 1024;
const spoolPieceBytes = 1024 * 1024;

/**
 * One destination's share of one file while it streams. A slow or failing branch never makes the others
 * wait and never fails them: it spills to a spool, then drops out.
 */
export class Branch {
  readonly destination: Destination;
  readonly staged: StagedFile;
  readonly #openSpool: () => Promise<Spool>;
  readonly #queue: Buffer[] = [];
  /** Something was pushed, or the branch ended or dropped out. */
  readonly #wake = createWake();
  /** Something was taken out of the queue, or the branch dropped out. */
  readonly #room = createWake();
  readonly #pumped: Promise<void>;
  #queuedBytes = 0;
  #spool: Spool | null = null;
  #isSpilling = false;
  #isEnded = false;
  #isSynced = false;
  #failure: Failure | null = null;
  #abandoned: Promise<void> | null = null;

  constructor(destination: Destination, staged: StagedFile, openSpool: () => Promise<Spool>) {
    this.destination = destination;
    this.staged = staged;
    this.#openSpool = openSpool;
    // The listener keeps a late error of an abandoned sink from being uncaught; the pump sees the error itself.
    staged.sink.on("error", () => this.#wake.notify());
    this.#pumped = this.#pump().catch((error: unknown) =>
      this.abandon(
        asFailure(error, "destination.io", `Cannot write "${staged.name}" to "${destination.name}"`),
      ),
    );
  }

  /** Why it dropped out; null while it takes part. */
  failure(): Failure | null {
    return this.#failure;
  }

  isFull(): boolean {
    return this.#failure === null && this.#queuedBytes > fullBytes;
  }

  /** Every byte is synced. */
  isSynced(): boolean {
    return this.#isSynced && this.#failure === null;
  }

  /** Settles when room was made, or the branch has dropped out. */
  changed(): Promise<void> {
    return this.#room.wait();
  }

  /** Takes the chunk at once; only an append to the spool is waited for. Ignored after it dropped out. */
  async push(chunk: Buffer): Promise<void> {
    if (this.#failure !== null) return;
    if (this.#isSpilling && this.#spool !== null && this.#spool.waitingBytes() > 0) {
      await this.#append(this.#spool, chunk);
    } else {
      this.#isSpilling = false;
      this.#queue.push(chunk);
      this.#queuedBytes += chunk.length;
    }
    this.#wake.notify();
  }

  /** What waits in memory, and from now on what is pushed, goes to the spool, until that has run empty. */
  async spill(): Promise<void> {
    if (this.#isSpilling || this.#failure !== null) return;
    const spool = this.#spool ?? (await this.#openSpool().catch((error: unknown) => this.#fallBehind(error)));
    if (spool === null) return;
    this.#spool = spool;
    this.#isSpilling = true;
    for (const chunk of this.#queue.splice(1)) {
      this.#queuedBytes -= chunk.length;
      await this.#append(spool, chunk);
    }
  }

  /** No more chunks: settles when every byte is synced, or it has dropped out. Never rejects; may be called again. */
  async end(): Promise<void> {
    this.#isEnded = true;
    this.#wake.notify();
    await this.#pumped;
  }

  /** Drops out and removes what was staged. The first reason stays; every call settles when that is done. */
  abandon(reason: Failure): Promise<void> {
    this.#abandoned ??= this.#dropOut(reason);
    return this.#abandoned;
  }

  async #dropOut(reason: Failure): Promise<void> {
    this.#failure = reason;
    this.#queue.length = 0;
    this.#queuedBytes = 0;
    this.#wake.notify();
    this.#room.notify();
    this.staged.sink.destroy();
    const spooled = this.#spool?.close();
    // What cannot be removed now is swept by the next run; the reason for dropping out is the one to tell.
    await Promise.allSettled([spooled, this.staged.discard()]);
  }

  async #append(spool: Spool, chunk: Buffer): Promise<void> {
    if (this.#failure !== null) return;
    const isKept = await spool.append(chunk).catch((error: unknown) => this.#fallBehind(error));
    if (isKept === false)
      await this.abandon(lagging(this.destination, "its backlog exceeded the job's spool"));
  }

  /** A spool that cannot be used costs this branch its place in the stream, and nobody else anything. */
  async #fallBehind(error: unknown): Promise<null> {
    await this.abandon(lagging(this.destination, `its spool could not be used: ${messageOf(error)}`));
    return null;
  }

  async #pump(): Promise<void> {
    const { sink } = this.staged;
    for (let chunk = await this.#next(); chunk !== null; chunk = await this.#next()) {
      if (!sink.write(chunk)) await drained(sink);
      if (sink.errored) throw sink.errored;
    }
    if (this.#failure !== null) return;
    sink.end();
    await finished(sink);
    this.#isSynced = true;
    await this.#spool?.close();
  }

  /** The next bytes in order: memory before spool, since only what came later was spilled. Null at the end. */
  async #next(): Promise<Buffer | null> {
    for (;;) {
      const chunk = this.#queue.shift();
      if (chunk !== undefined) {
        this.#queuedBytes -= chunk.length;
        this.#room.notify();
        return chunk;
      }
      const spool = this.#failure === null ? this.#spool : null;
      const spooled = spool === null ? null : await spool.take(spoolPieceBytes);
      if (spooled !== null) return spooled;
      if (this.#isEnded || this.#failure !== null) return null;
      if (this.#queue.length === 0) await this.#wake.wait();
    }
  }
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

function lagging(destination: Destination, seen: string): Failure {
  return new Failure("destination.lagging", `Cannot keep up at "${destination.name}": ${seen}`, {
    hint: "It is brought up from a finished copy; raise spool if this happens each night.",
  });
}
