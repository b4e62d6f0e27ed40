import type { ReadBack } from "../../domain/copies/read-back.ts";
import { Failure } from "../../domain/failure.ts";
import type { Level } from "../../domain/level.ts";
import { sleep } from "../../platform/clock.ts";
import type { Context } from "../context.ts";
import { checkStored } from "../delivery/check-stored.ts";
import type { Delivery, Share } from "../delivery/delivery.ts";
import { noCopiesLeft } from "../delivery/no-copies.ts";
import type { Inspected, Produced } from "./produce.ts";
import { patienceOf, underShareWatch } from "./share-watch.ts";
import { untilAborted, type Watch } from "./watch.ts";

export interface Checked {
  readonly inspected: Inspected;
  /** The shares that hold every byte, looked at as their policies say. */
  readonly shares: readonly Share[];
  /** How each of them was read back. */
  readonly readBacks: ReadonlyMap<Share, ReadBack>;
  /** Whole shares elsewhere that are still being read back; null after they were given up. */
  readonly pending: ReadonlyMap<Share, Promise<ReadBack | null>>;
}

/** How long a destination that keeps up may take to sync its last bytes, or to give them back, before it counts as late. */
const graceMs = 10_000;

interface Making {
  readonly produced: Produced;
  readonly watch: Watch;
  /** Of the job; null: without end. */
  readonly stallMs: number | null;
}

/** What a copy may be called after it was read back so. */
export function levelAfter(readBack: ReadBack, level: Level): Level {
  return readBack === "direct" || readBack === "cached" ? level : "stored";
}

/**
 * Looks at what the destinations stored. One share that is whole, the leader, is decoded to its end and understood,
 * whatever its policy; the others are looked at as theirs say. A share that returns other bytes is given up; content
 * that does not settle fails the backup. No destination elsewhere is waited for for long: who is not done is late.
 */
export async function checkShares(context: Context, delivery: Delivery, making: Making): Promise<Checked> {
  const asked = new Set<Share>();
  for (;;) {
    const leader = await nextWhole(context, delivery, { asked, signal: making.watch.signal });
    if (leader === null) break;
    asked.add(leader);
    const inspected = await inspectOrGiveUp(context, leader, making);
    if (inspected === null) continue;
    await waitForOthers(context, delivery, leader);
    const others = delivery.shares.filter((share) => !asked.has(share) && share.isWhole());
    const { done, pending } = await lookAtOthers(context, others, making);
    const readBacks = new Map([[leader, inspected.source as ReadBack], ...done]); // a source is one of these
    return { inspected, shares: [...readBacks.keys()], readBacks, pending };
  }
  throw noCopiesLeft(delivery.shares.map((share) => share.failure()).filter((reason) => reason !== null));
}

/** The lower, the better to decode: on this machine, and to be read in full anyway. */
function costOfReading({ destination: { traits } }: Share): number {
  if (traits.readBack !== "full") return 2;
  return traits.kind === "local" ? 0 : 1;
}

interface Choice {
  readonly asked: ReadonlySet<Share>;
  readonly signal: AbortSignal;
}

/**
 * The next share to look into: the best that is whole. For a better one that is still syncing its last bytes there is
 * a grace; while none is whole, they are waited for.
 */
async function nextWhole(
  context: Context,
  delivery: Delivery,
  { asked, signal }: Choice,
): Promise<Share | null> {
  let isLate = false;
  const grace = startGrace(context);
  void grace.over.then(() => {
    isLate = true;
  });
  try {
    for (;;) {
      const left = delivery.shares
        .filter((share) => !asked.has(share) && share.failure() === null)
        .toSorted((a, b) => costOfReading(a) - costOfReading(b));
      const [best] = left;
      const whole = left.find((share) => share.isWhole());
      if (best === undefined) return null;
      if (whole !== undefined && (isLate || costOfReading(whole) === costOfReading(best))) return whole;
      const ends = left.filter((share) => !share.isWhole()).map((share) => share.end());
      await untilAborted(Promise.race(whole === undefined ? ends : [...ends, grace.over]), signal);
    }
  } finally {
    grace.end();
  }
}

interface Grace {
  /** Settles when it is over, or was ended. */
  readonly over: Promise<void>;
  end(): void;
}

function startGrace({ clock }: Context): Grace {
  const ending = new AbortController();
  const over = sleep(clock, graceMs, ending.signal).catch(() => undefined); // ended below
  return { over, end: () => ending.abort() };
}

/**
 * Null when this destination's bytes are not what was written; what is wrong with the content itself throws.
 * Bytes that changed on their way back break whatever decodes them, in its own words. So before the content
 * is blamed, the bytes are hashed, and when they are right now, they are inspected once more.
 */
async function inspectOrGiveUp(context: Context, share: Share, making: Making): Promise<Inspected | null> {
  try {
    return await inspect(context, share, making);
  } catch (error) {
    const isUndecodable = !(error instanceof Failure) || error.meaning.exit === 4;
    if (making.watch.signal.aborted || !isUndecodable) throw error;
    if ((await lookAt(context, share, { ...making, policy: "full" })) === null) return null;
    return inspect(context, share, making);
  }
}

/** Null after giving up a destination that cannot be read, or returns other bytes. */
function inspect(context: Context, share: Share, making: Making): Promise<Inspected | null> {
  return orGiveUp(context, share, { ...making, work: (own) => making.produced.inspect(share, own) });
}

interface Attempt<T> extends Making {
  readonly work: (own: Watch) => Promise<T>;
}

/** Null after giving the destination up; what is not its fault is thrown. */
async function orGiveUp<T>(
  { clock }: Context,
  share: Share,
  { watch, stallMs, work }: Attempt<T>,
): Promise<T | null> {
  const { destination } = share;
  try {
    return await underShareWatch(clock, { watch, destination, stallMs: patienceOf({ stallMs }) }, work);
  } catch (error) {
    if (!(error instanceof Failure) || !error.code.startsWith("destination.")) throw error;
    await share.abandon(error);
    return null;
  }
}

async function waitForOthers(context: Context, delivery: Delivery, leader: Share): Promise<void> {
  const others = delivery.shares.filter((share) => share !== leader && share.failure() === null);
  if (others.every((share) => share.isWhole())) return;
  const grace = startGrace(context);
  await Promise.race([Promise.all(others.map((share) => share.end())), grace.over]);
  grace.end();
}

interface Looked {
  readonly done: readonly (readonly [Share, ReadBack])[];
  readonly pending: Checked["pending"];
}

/** Those on this machine are waited for, as the leader was; those elsewhere for a moment only. */
async function lookAtOthers(context: Context, others: readonly Share[], making: Making): Promise<Looked> {
  const ended = new Map<Share, ReadBack | null>();
  const looks = others.map((share) => {
    const policy = share.destination.traits.readBack;
    const look = lookAt(context, share, { ...making, policy });
    look.then(
      (readBack) => ended.set(share, readBack),
      () => undefined, // told to whoever waits for it
    );
    return { share, look, isLocal: share.destination.traits.kind === "local" };
  });
  await Promise.all(looks.filter(({ isLocal }) => isLocal).map(({ look }) => look));
  const grace = startGrace(context);
  try {
    await Promise.race([Promise.all(looks.map(({ look }) => look)), grace.over]);
  } finally {
    grace.end();
  }
  return {
    done: [...ended].flatMap(([share, readBack]) => (readBack === null ? [] : [[share, readBack] as const])),
    pending: new Map(looks.flatMap(({ share, look }) => (ended.has(share) ? [] : [[share, look] as const]))),
  };
}

interface Look extends Making {
  readonly policy: Parameters<typeof checkStored>[1]["policy"];
}

/** Looks at every stored file of a share; null after giving it up. */
function lookAt(context: Context, share: Share, { policy, ...making }: Look): Promise<ReadBack | null> {
  const work = ({ signal, touch }: Watch) => {
    const stored = making.produced.files.map(({ path, passed }) => {
      const branch = share.branches.get(path);
      if (branch) return { file: branch.staged, passed, blocks: branch.blocks() };
      throw new Failure("run.internal", `Cannot read "${path}" back: it was not written`);
    });
    return checkStored(stored, { policy, randomToken: context.randomToken, signal, touch });
  };
  return orGiveUp(context, share, { ...making, work });
}
