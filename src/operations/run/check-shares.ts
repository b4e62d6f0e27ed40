import { Failure } from "../../domain/failure.ts";
import { sleep } from "../../platform/clock.ts";
import type { Context } from "../context.ts";
import type { Delivery, Share } from "../delivery/delivery.ts";
import { noCopiesLeft } from "../delivery/no-copies.ts";
import { demandEqual, hashStream, weakerSource } from "../delivery/read-back.ts";
import type { Inspected, Produced } from "./produce.ts";
import { untilAborted, type Watch } from "./watch.ts";

export interface Checked {
  readonly inspected: Inspected;
  /** The shares that hold every byte, read back. */
  readonly shares: readonly Share[];
  /** How each of them was read back, by destination id. */
  readonly sources: ReadonlyMap<string, "direct" | "cached">;
}

/** How long a destination that keeps up may take to sync its last bytes before it counts as late. */
const syncGraceMs = 10_000;

interface Making {
  readonly produced: Produced;
  readonly watch: Watch;
}

/**
 * Reads back what the destinations stored. The first share that is whole is decoded to its end and
 * understood; the bytes of the others are hashed. A share that returns other bytes is given up; content
 * that does not settle fails the backup.
 */
export async function checkShares(context: Context, delivery: Delivery, making: Making): Promise<Checked> {
  const asked = new Set<Share>();
  for (;;) {
    const leader = await nextWhole(delivery, asked, making.watch.signal);
    if (leader === null) break;
    asked.add(leader);
    const inspected = await inspectOrGiveUp(leader, making);
    if (inspected === null) continue;
    await waitForOthers(context, delivery, leader);
    const sources = new Map([[leader.destinationId, inspected.source]]);
    const others = delivery.shares.filter((share) => !asked.has(share) && share.isWhole());
    const read = await Promise.all(
      others.map((share) => readBackShare(share, making.produced, making.watch)),
    );
    others.forEach((share, index) => {
      const source = read[index];
      if (source) sources.set(share.destinationId, source);
    });
    return {
      inspected,
      shares: [leader, ...others.filter((share) => sources.has(share.destinationId))],
      sources,
    };
  }
  throw noCopiesLeft(delivery.shares.map((share) => share.failure()).filter((reason) => reason !== null));
}

/** The next share to look into. While the only ones left are still syncing their last bytes, they are waited for. */
async function nextWhole(
  delivery: Delivery,
  asked: ReadonlySet<Share>,
  signal: AbortSignal,
): Promise<Share | null> {
  for (;;) {
    const left = delivery.shares.filter((share) => !asked.has(share) && share.failure() === null);
    const whole = left.find((share) => share.isWhole());
    if (whole !== undefined || left.length === 0) return whole ?? null;
    await untilAborted(Promise.race(left.map((share) => share.end())), signal);
  }
}

/**
 * Null when this destination's bytes are not what was written; what is wrong with the content itself throws.
 * Bytes that changed on their way back break whatever decodes them, in its own words. So before the content
 * is blamed, the bytes are hashed, and when they are right now, they are inspected once more.
 */
async function inspectOrGiveUp(share: Share, making: Making): Promise<Inspected | null> {
  const { produced, watch } = making;
  try {
    return await inspect(share, making);
  } catch (error) {
    const isUndecodable = !(error instanceof Failure) || error.meaning.exit === 4;
    if (watch.signal.aborted || !isUndecodable) throw error;
    if ((await readBackShare(share, produced, watch)) === null) return null;
    return inspect(share, making);
  }
}

/** Null after giving up a destination that cannot be read, or returns other bytes. */
async function inspect(share: Share, { produced, watch }: Making): Promise<Inspected | null> {
  try {
    return await produced.inspect(share, watch);
  } catch (error) {
    if (!(error instanceof Failure) || !error.code.startsWith("destination.")) throw error;
    await share.abandon(error);
    return null;
  }
}

async function waitForOthers(context: Context, delivery: Delivery, leader: Share): Promise<void> {
  const others = delivery.shares.filter((share) => share !== leader && share.failure() === null);
  if (others.every((share) => share.isWhole())) return;
  const enough = new AbortController();
  const grace = sleep(context.clock, syncGraceMs, enough.signal).catch(() => undefined); // cancelled below
  await Promise.race([Promise.all(others.map((share) => share.end())), grace]);
  enough.abort();
}

/** Hashes every stored file of a share; null after giving it up. */
async function readBackShare(
  share: Share,
  produced: Pick<Produced, "files">,
  watch: Watch,
): Promise<"direct" | "cached" | null> {
  let source: "direct" | "cached" = "direct";
  try {
    for (const file of produced.files) {
      const branch = share.branches.get(file.path);
      if (!branch) throw new Failure("run.internal", `Cannot read "${file.path}" back: it was not written`);
      const opened = await branch.staged.readBack();
      demandEqual(file.path, file.passed, await hashStream(opened.stream, watch.signal, watch.touch));
      source = weakerSource(source, opened.source);
    }
    return source;
  } catch (error) {
    if (!(error instanceof Failure) || !error.code.startsWith("destination.")) throw error;
    await share.abandon(error);
    return null;
  }
}
