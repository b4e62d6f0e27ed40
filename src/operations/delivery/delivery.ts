import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Destination } from "../../destinations/destination.ts";
import { asFailure, type Failure } from "../../domain/failure.ts";
import { createSpool } from "../../platform/spool.ts";
import { Branch } from "./branch.ts";
import { createFanOut, type FanOut, type Passed } from "./fan-out.ts";
import { noCopiesLeft } from "./no-copies.ts";

/** One destination's part in a backup that is being made. */
export interface Share {
  readonly destination: Destination;
  readonly destinationId: string;
  /** Its files so far, by name. */
  readonly branches: ReadonlyMap<string, Branch>;
  /** Why it no longer takes part; null while it does. "destination.lagging": to be brought up afterwards. */
  failure(): Failure | null;
  /** Every byte of every file is synced. */
  isWhole(): boolean;
  /** Settles when every byte of every file is synced, or it no longer takes part. Never rejects. */
  end(): Promise<void>;
  /** Gives it up at this destination and removes what was staged. */
  abandon(reason: Failure): Promise<void>;
}

/** All files of one backup on their way to all destinations. */
export interface Delivery {
  readonly shares: readonly Share[];
  /** A new file at every destination that still takes part. */
  openFile(name: string, onBytes: (doneBytes: number) => void): Promise<FanOut>;
  /** A small file from memory. */
  putFile(name: string, bytes: Buffer): Promise<Passed>;
  abandon(reason: Failure): Promise<void>;
}

export interface DeliveryOptions {
  readonly runId: string;
  /** Where spools may lie. */
  readonly workPath: string;
  readonly spoolBytes: number;
  /** Of the whole run: small files that hang end with it, as streams do. */
  readonly signal: AbortSignal;
}

export interface ReadyDestination {
  readonly destination: Destination;
  readonly id: string;
}

/** Each destination is a share that may fail alone; only when none is left, the next file throws "run.no-copies". */
export function createDelivery(ready: readonly ReadyDestination[], options: DeliveryOptions): Delivery {
  const shares = ready.map(({ destination, id }) => createShare(destination, id));

  async function openFile(name: string, onBytes: (doneBytes: number) => void): Promise<FanOut> {
    const taking = shares.filter((share) => share.failure() === null);
    const opened = await Promise.all(taking.map((share) => share.open(name, options)));
    const branches = opened.filter((branch) => branch !== null);
    if (branches.length === 0)
      throw noCopiesLeft(shares.map((share) => share.failure()).filter((reason) => reason !== null));
    return createFanOut(branches, onBytes);
  }

  async function putFile(name: string, bytes: Buffer): Promise<Passed> {
    const fan = await openFile(name, () => {});
    await pipeline(Readable.from([bytes], { objectMode: false }), fan.sink, { signal: options.signal });
    return fan.passed();
  }

  return {
    shares,
    openFile,
    putFile,
    async abandon(reason) {
      await Promise.all(shares.map((share) => share.abandon(reason)));
    },
  };
}

interface OpenableShare extends Share {
  /** Null when this destination could not start the file; it then no longer takes part. */
  open(name: string, options: DeliveryOptions): Promise<Branch | null>;
}

function createShare(destination: Destination, destinationId: string): OpenableShare {
  const branches = new Map<string, Branch>();
  let failure: Failure | null = null;
  const failed = () =>
    failure ?? [...branches.values()].map((branch) => branch.failure()).find((f) => f !== null) ?? null;

  async function abandon(reason: Failure): Promise<void> {
    failure ??= reason;
    await Promise.all([...branches.values()].map((branch) => branch.abandon(reason)));
  }

  return {
    destination,
    destinationId,
    branches,
    failure: failed,
    isWhole: () => failed() === null && [...branches.values()].every((branch) => branch.isSynced()),
    abandon,
    async open(name, options) {
      try {
        const staged = await destination.stage(name, options.runId);
        const spoolPath = join(options.workPath, `${options.runId}-${destinationId}-${branches.size}.spool`);
        const branch = new Branch(destination, staged, () => createSpool(spoolPath, options.spoolBytes));
        branches.set(name, branch);
        return branch;
      } catch (error) {
        await abandon(asFailure(error, "destination.io", `Cannot start "${name}" at "${destination.name}"`));
        return null;
      }
    },
    async end() {
      await Promise.all([...branches.values()].map((branch) => branch.end()));
      const reason = failed();
      if (reason !== null) await abandon(reason); // one failed file fails the whole share
    },
  };
}
