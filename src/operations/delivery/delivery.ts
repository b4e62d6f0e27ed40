import { statfs } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Destination } from "../../destinations/destination.ts";
import { asFailure, type Failure } from "../../domain/failure.ts";
import type { Clock } from "../../platform/clock.ts";
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
  /**
   * A new file at every destination that still takes part. `expectedBytes`: about how long it will be; null: nobody knows,
   * or it is small; left out: as the options say.
   */
  openFile(
    name: string,
    onBytes: (doneBytes: number) => void,
    expectedBytes?: number | null,
  ): Promise<FanOut>;
  /** A small file from memory. */
  putFile(name: string, bytes: Buffer): Promise<Passed>;
  abandon(reason: Failure): Promise<void>;
  /** Destinations whose full spools the source had to wait for, by name. */
  heldUpBy(): readonly string[];
}

export interface DeliveryOptions {
  readonly runId: string;
  /** Where spools may lie. */
  readonly workPath: string;
  readonly spoolBytes: number;
  /** About how long a file that is opened will be; null: nobody knows. */
  readonly expectedBytes: number | null;
  readonly clock: Clock;
  /** A destination that takes no byte for so long while some wait drops out; null: never. */
  readonly stallMs: number | null;
  /** A destination has taken bytes. */
  readonly onMoved?: () => void;
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
  const heldUp = new Set<string>();
  const onHeldUp = (branches: readonly Branch[]) => {
    for (const { destination } of branches) heldUp.add(destination.name);
  };

  function isLocalLeft(): boolean {
    return shares.some(({ failure, destination }) => failure() === null && isLocal(destination));
  }

  async function openFile(
    name: string,
    onBytes: (doneBytes: number) => void,
    expectedBytes: number | null = options.expectedBytes,
  ): Promise<FanOut> {
    const taking = shares.filter((share) => share.failure() === null);
    const grownBytes = await largestSpool(options, { expectedBytes, shares: taking.length });
    const spoolLimitBytes = () => (isLocalLeft() ? options.spoolBytes : grownBytes);
    const opening = { ...options, name, expectedBytes, spoolLimitBytes };
    const opened = await Promise.all(taking.map((share) => share.open(opening)));
    const branches = opened.filter((branch) => branch !== null);
    if (branches.length === 0)
      throw noCopiesLeft(shares.map((share) => share.failure()).filter((reason) => reason !== null));
    return createFanOut(branches, onBytes, onHeldUp);
  }

  async function putFile(name: string, bytes: Buffer): Promise<Passed> {
    const fan = await openFile(name, () => {}, null);
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
    heldUpBy: () => [...heldUp],
  };
}

function isLocal({ traits }: Destination): boolean {
  return traits.kind === "local";
}

/**
 * Where no destination lies on this machine, a spool may hold the whole file, so that the source is not held up by a
 * network; but never more, all together, than half of what is free where it lies.
 */
async function largestSpool(
  { spoolBytes, workPath }: DeliveryOptions,
  { expectedBytes, shares }: { readonly expectedBytes: number | null; readonly shares: number },
): Promise<number> {
  if (expectedBytes === null || expectedBytes <= spoolBytes) return spoolBytes;
  const { bavail, bsize } = await statfs(workPath).catch(() => ({ bavail: 0, bsize: 0 })); // then none can be made there
  return Math.max(spoolBytes, Math.min(expectedBytes, Math.floor((bavail * bsize) / 2 / shares)));
}

interface Opening extends DeliveryOptions {
  readonly name: string;
  readonly spoolLimitBytes: () => number;
}

interface OpenableShare extends Share {
  /** Null when this destination could not start the file; it then no longer takes part. */
  open(opening: Opening): Promise<Branch | null>;
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
    async open({ name, expectedBytes, spoolLimitBytes, ...options }) {
      try {
        const staged = await destination.stage(name, options.runId, expectedBytes);
        const spoolPath = join(options.workPath, `${options.runId}-${destinationId}-${branches.size}.spool`);
        const branch = new Branch(destination, staged, {
          openSpool: () => createSpool(spoolPath),
          spoolLimitBytes,
          clock: options.clock,
          stallMs: options.stallMs,
          onMoved: options.onMoved ?? (() => undefined),
        });
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
