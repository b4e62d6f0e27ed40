import { finished } from "node:stream/promises";
import type { Destination, StagedFile } from "../../destinations/destination.ts";
import { asFailure, Failure, messageOf } from "../../domain/failure.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Spool } from "../../platform/spool.ts";
import { createWake } from "../../platform/wake.ts";
import { type Block, type BlockHashes, createBlockHashes } from "./block-hashes.ts";
import { type Stall, watchForStall } from "./stall.ts";

/** A branch with more than this waiting in memory is full. */
const fullBytes = 8 * 1024 * 1024;
const spoolPieceBytes = 1024 * 1024;

export interface BranchOptions {
  openSpool(): Promise<Spool>;
  /** How large the file of its spool may become, as things are now. */
  spoolLimitBytes(): number;
  readonly clock: Clock;
  /** While bytes wait and it takes none for so long, it drops out; null: never. */
  readonly stallMs: number | null;
  /** It has taken bytes. */
  readonly onMoved: () => void;
}

/**
 * One destination's share of one file while it streams. A slow or failing branch never fails the others: it
 * spills to a spool, and drops out when that is full, or when it does not move any more. Whom the source waits
 * for is for pace.ts to say.
 */
export class Branch {
  readonly destination: Destination;
  readonly staged: StagedFile;
  readonly #options: BranchOptions;
  readonly #queue: Buffer[] = [];
  /** Something was pushed, or the branch ended or dropped out. */
  readonly #wake = createWake();
  /** Something was taken out of the queue or the spool, or the branch dropped out. */
  readonly #room = createWake();
  readonly #pumped: Promise<void>;
  readonly #stall: Stall;
  /** Only where a sample is read back. */
  readonly #blocks: BlockHashes | null;
  #queuedBytes = 0;
  #spool: Spool | null = null;
  #isSpilling = false;
  /** The sink has something that it has not taken yet. */
  #isWriting = false;
  #isEnded = false;
  #isSynced = false;
  #failure: Failure | null = null;
  /** Why its spool could not take the last chunk. */
  #refusal = "";
  #abandoned: Promise<void> | null = null;

  constructor(destination: Destination, staged: StagedFile, options: BranchOptions) {
    this.destination = destination;
    this.staged = staged;
    this.#options = options;
    this.#blocks = destination.traits.readBack === "sample" ? createBlockHashes() : null;
    this.#stall = watchForStall(options.clock, options.stallMs, {
      isWaiting: () => this.#isWriting,
      onStall: () => void this.abandon(stalled(destination, options.stallMs ?? 0)),
    });
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

  /** Nothing lies between it and this machine that could make the source wait for long. */
  isLocal(): boolean {
    return this.destination.traits.kind === "local";
  }

  /** More waits in memory than should, and nothing of it goes to the spool. */
  isFull(): boolean {
    return this.#failure === null && !this.#isSpilling && this.#queuedBytes > fullBytes;
  }

  isSpilling(): boolean {
    return this.#failure === null && this.#isSpilling;
  }

  /** The next chunk would be taken into memory, or be ignored. */
  isOpen(): boolean {
    return this.#failure !== null || !this.#mustSpool();
  }

  /** Why its spool could not take the last chunk, or not be opened; for the failure of dropping out. */
  lagging(): Failure {
    return lagging(this.destination, this.#refusal);
  }

  /** Of what was written, where a sample is read back; after it is synced. */
  blocks(): readonly Block[] {
    return this.#blocks?.end() ?? [];
  }

  /** Every byte is synced. */
  isSynced(): boolean {
    return this.#isSynced && this.#failure === null;
  }

  /** Settles when room was made, or the branch has dropped out. */
  changed(): Promise<void> {
    return this.#room.wait();
  }

  /** Takes the chunk; only an append to the spool is waited for. False, and nothing kept: its spool cannot take it. Ignored after it dropped out. */
  async push(chunk: Buffer): Promise<boolean> {
    if (this.#failure !== null) return true;
    if (this.#spool !== null && this.#mustSpool()) {
      if (!(await this.#append(this.#spool, chunk))) return false;
    } else {
      this.#isSpilling = false;
      this.#queue.push(chunk);
      this.#queuedBytes += chunk.length;
    }
    this.#wake.notify();
    return true;
  }

  /** From now on what is pushed goes to the spool, until that has run empty. False: it has none that can be used. */
  async spill(): Promise<boolean> {
    if (this.#isSpilling || this.#failure !== null) return true;
    try {
      this.#spool ??= await this.#options.openSpool();
      this.#isSpilling = true;
      return true;
    } catch (error) {
      this.#refusal = `its spool could not be used: ${messageOf(error)}`;
      return false;
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
    this.#stall.stop();
    this.#queue.length = 0;
    this.#queuedBytes = 0;
    this.#wake.notify();
    this.#room.notify();
    this.staged.sink.destroy();
    const spooled = this.#spool?.close();
    // What cannot be removed now is swept by the next run; the reason for dropping out is the one to tell.
    await Promise.allSettled([spooled, this.staged.discard()]);
  }

  /** What waits in memory is older than all that waits in the spool. */
  #mustSpool(): boolean {
    if (this.#spool === null) return false;
    return this.#spool.waitingBytes() > 0 || (this.#isSpilling && this.#queuedBytes > fullBytes);
  }

  async #append(spool: Spool, chunk: Buffer): Promise<boolean> {
    try {
      if (await spool.append(chunk, this.#options.spoolLimitBytes())) return true;
      this.#refusal = "its backlog exceeded the job's spool";
    } catch (error) {
      this.#refusal = `its spool could not be used: ${messageOf(error)}`;
    }
    return this.#failure !== null;
  }

  async #pump(): Promise<void> {
    const { sink } = this.staged;
    for (let chunk = await this.#next(); chunk !== null; chunk = await this.#next()) {
      this.#begin();
      this.#blocks?.update(chunk);
      if (!sink.write(chunk)) await drained(sink);
      if (sink.errored) throw sink.errored;
      this.#end();
    }
    if (this.#failure !== null) return;
    this.#begin();
    sink.end();
    await finished(sink);
    this.#end();
    this.#stall.stop();
    this.#isSynced = true;
    await this.#spool?.close();
  }

  #begin(): void {
    this.#isWriting = true;
    this.#stall.touch();
  }

  #end(): void {
    this.#isWriting = false;
    this.#options.onMoved();
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
      if (spooled !== null) {
        this.#room.notify();
        return spooled;
      }
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

function stalled(destination: Destination, stallMs: number): Failure {
  const seen = `it has taken no byte for ${Math.round(stallMs / 1000)} s`;
  return new Failure("destination.lagging", `Cannot keep up at "${destination.name}": ${seen}`, {
    hint: "See whether its server answers; what it lacks is brought up by the next run, or by codex-backup copy --missing.",
    context: { isStalled: true },
  });
}
