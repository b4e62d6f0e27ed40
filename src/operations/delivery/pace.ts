import type { Branch } from "./branch.ts";
import { noCopiesLeft } from "./no-copies.ts";

/** Hears of the destinations whose full spools the source had to wait for. */
export type OnHeldUp = (branches: readonly Branch[]) => void;

/**
 * Hands a chunk to every branch. One whose spool cannot take it drops out as lagging while another one could; when
 * none can, the source waits for the first that has worked its spool off.
 */
export async function spread(branches: readonly Branch[], chunk: Buffer, onHeldUp: OnHeldUp): Promise<void> {
  let refusing = await refusedBy(branches, chunk);
  while (refusing.length > 0) {
    const others = branches.filter((branch) => branch.failure() === null && !refusing.includes(branch));
    if (others.length > 0) return dropOut(refusing);
    onHeldUp(refusing);
    // Looked at and waited for in one go: a wake-up in between would be missed.
    while (!refusing.some((branch) => branch.isOpen())) await changed(refusing);
    failIfAllDropped(branches);
    refusing = await refusedBy(refusing, chunk);
  }
}

async function refusedBy(branches: readonly Branch[], chunk: Buffer): Promise<readonly Branch[]> {
  const taken = await Promise.all(branches.map((branch) => branch.push(chunk)));
  return branches.filter((_, index) => taken[index] === false);
}

/**
 * Lets the source go on, or wait. A destination on this machine sets the pace, the fastest of them: it is what the source
 * would wait for anyway. Whoever else is full spills to its spool: nobody waits for a network while there is room.
 */
export async function keepPace(branches: readonly Branch[], onHeldUp: OnHeldUp): Promise<void> {
  failIfAllDropped(branches);
  const isLive = (branch: Branch) => branch.failure() === null;
  const pacers = branches.filter((branch) => isLive(branch) && branch.isLocal() && !branch.isSpilling());
  const isHeld = () => pacers.length > 0 && pacers.every((branch) => branch.isFull());
  const spilling = branches.filter((branch) => branch.isFull() && !(isHeld() && pacers.includes(branch)));
  const spilt = await Promise.all(spilling.map((branch) => branch.spill()));
  const unable = spilling.filter((branch, index) => spilt[index] === false && isLive(branch));
  if (unable.length > 0) await withoutSpool(branches, unable, onHeldUp);
  if (isHeld()) await changed(pacers);
}

/** A spool that cannot be used costs its branch the place in the stream, and nobody else anything; the last one is waited for. */
async function withoutSpool(
  branches: readonly Branch[],
  unable: readonly Branch[],
  onHeldUp: OnHeldUp,
): Promise<void> {
  const others = branches.filter((branch) => branch.failure() === null && !unable.includes(branch));
  if (others.length > 0) return dropOut(unable);
  onHeldUp(unable);
  if (unable.every((branch) => branch.isFull())) await changed(unable);
}

async function dropOut(branches: readonly Branch[]): Promise<void> {
  await Promise.all(branches.map((branch) => branch.abandon(branch.lagging())));
}

/** Settles when one of them has taken something, or dropped out. */
async function changed(branches: readonly Branch[]): Promise<void> {
  await Promise.race(branches.map((branch) => branch.changed()));
}

export function failIfAllDropped(branches: readonly Branch[]): void {
  const reasons = branches.map((branch) => branch.failure()).filter((reason) => reason !== null);
  if (reasons.length === branches.length) throw noCopiesLeft(reasons);
}
