import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Destination, StagedName } from "../../destinations/destination.ts";
import { messageOf } from "../../domain/failure.ts";
import type { CapsuleJob, PostgresJob } from "../../domain/jobs/job.ts";
import type { Context } from "../context.ts";
import { proofsDirectory } from "../proofs-path.ts";
import { workPath } from "./journal.ts";

/** A leftover of a run that nobody here knows (another host's, or the catalog was lost) is left alone for so long. */
const unknownRunGraceMs = 48 * 3_600_000;

/**
 * Removes what dead runs of this job staged at its destinations and never published, save for the runs
 * whose journal is still open: those wait to be finished. The job's lock must be held.
 */
export async function sweepStaged(
  context: Context,
  job: PostgresJob | CapsuleJob,
  open: ReadonlySet<string>,
): Promise<readonly string[]> {
  const done: string[] = [];
  for (const destination of job.to.map((name) => context.destinations.get(name))) {
    if (destination === undefined) continue;
    // A destination that cannot be listed is reported by the run itself, a moment later.
    const staged = await destination.listStaged().catch(() => []);
    const left = staged.filter(
      (one) => !(one.runId !== null && open.has(one.runId)) && isLeftover(context, job.name, one),
    );
    for (const file of left) {
      done.push(await discard(destination, file));
    }
  }
  return done;
}

/** Whoever runs this job holds its lock, and that is us: a run of it that staged something is over. */
function isLeftover({ catalog, clock }: Context, job: string, { runId, modifiedMs }: StagedName): boolean {
  const run = runId === null ? null : catalog.run(runId);
  return run === null ? clock.now() - modifiedMs > unknownRunGraceMs : run.job === job;
}

async function discard(destination: Destination, left: StagedName): Promise<string> {
  const { name, runId } = left;
  try {
    await destination.discardStaged(left);
    const by = runId === null ? "" : ` by run ${runId}`;
    return `removed "${name}", left unfinished at "${destination.name}"${by}`;
  } catch (error) {
    return `could not remove "${name}", left unfinished at "${destination.name}", yet: ${messageOf(error)}`;
  }
}

/** Removes what dead runs of this job left in STATE/work (spools may be large), except for journals. */
export async function sweepWork(context: Context, job: string): Promise<readonly string[]> {
  const directory = workPath(context.statePath);
  const done: string[] = [];
  for (const name of await readdir(directory)) {
    if (!(await isWorkLeftover(context, job, { name, path: join(directory, name) }))) continue;
    await rm(join(directory, name), { recursive: true, force: true });
    done.push(`removed "${name}" from the work directory`);
  }
  return done;
}

const runIdLength = "20261123T010000Z-ab12cd".length;

async function isWorkLeftover(
  { catalog, clock }: Context,
  job: string,
  { name, path }: { readonly name: string; readonly path: string },
): Promise<boolean> {
  if (name.endsWith(".journal.json") || name === proofsDirectory) return false;
  const run = catalog.run(name.slice(0, runIdLength));
  if (run !== null) return run.job === job;
  const found = await stat(path).catch(() => null); // another job's run has just removed it
  return found !== null && clock.now() - found.mtimeMs > unknownRunGraceMs;
}
