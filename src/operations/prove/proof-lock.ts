import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "../../domain/failure.ts";
import type { Context } from "../context.ts";
import { lockJob } from "../run/job-lock.ts";
import { proofsDirectory } from "../run/sweep.ts";
import { removeTree } from "./remove-tree.ts";

/** No job can be called so: names of jobs have no colon before their first letter. */
const lockName = ":proof";

/** What every directory of a capsule's proof is called first; a throwaway server's are its own room's. */
export const scratchPrefix = "capsule-";

/** Where proofs, and nothing else, make their directories. */
export function proofsPath({ statePath }: Pick<Context, "statePath">): string {
  return join(statePath, "work", proofsDirectory);
}

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

/** The lock is ours, so whoever made these is dead. What cannot be removed now is tried again by the next proof. */
async function sweepScratch(context: Context): Promise<void> {
  const directory = proofsPath(context);
  for (const name of await readdir(directory)) {
    if (!name.startsWith(scratchPrefix)) continue;
    try {
      await removeTree(join(directory, name));
      context.log.info({ path: join(directory, name) }, "removed what a dead proof left");
    } catch (error) {
      context.log.warn(
        { path: join(directory, name), error: messageOf(error) },
        "could not remove what a dead proof left",
      );
    }
  }
}
