import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "../../domain/failure.ts";
import type { Context } from "../context.ts";
import { proofsPath } from "../proofs-path.ts";
import { lockJob } from "../run/job-lock.ts";
import { removeTree } from "./remove-tree.ts";

/** No job can be called so: names of jobs have no colon before their first letter. */
const lockName = ":proof";

/** What every directory of a capsule's proof is called first; a throwaway server's are its own room's. */
export const scratchPrefix = "capsule-";

interface LockOptions {
  readonly waitMs: number;
  readonly signal: AbortSignal;
}

/** One proof at a time on this host: each fills a disk and loads every core. Throws "run.busy" naming who holds it. */
export async function underProofLock<T>(
  context: Context,
  { waitMs, signal }: LockOptions,
  work: () => Promise<T>,
): Promise<T> {
  const runId = context.newRunId();
  const lock = await lockJob(context, { job: lockName, runId, waitMs, signal, doing: "prove" });
  try {
    await mkdir(proofsPath(context), { recursive: true, mode: 0o700 });
    await sweepScratch(context);
    return await work();
  } finally {
    lock.release();
  }
}

/** The lock is ours, so whoever made these is dead. */
async function sweepScratch(context: Context): Promise<void> {
  for (const name of await readdir(proofsPath(context))) {
    if (!name.startsWith(scratchPrefix)) continue;
    const path = join(proofsPath(context), name);
    context.log.info({ path }, "removing what a dead proof left");
    await removeScratch(context, path);
  }
}

/** What cannot be removed now is tried again by the next proof: it replaces neither a result nor an error. */
export async function removeScratch({ log }: Pick<Context, "log">, path: string): Promise<void> {
  try {
    await removeTree(path);
  } catch (error) {
    log.warn({ path, error: messageOf(error) }, "could not remove what a proof had extracted");
  }
}
