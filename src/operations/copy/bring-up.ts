import { asFailure, Failure, reportOf } from "../../domain/failure.ts";
import type { BackupJob } from "../../domain/jobs/job.ts";
import type { Context } from "../context.ts";
import type { CopyMade } from "../copy-requests.ts";
import { demandSpace, readyDestination } from "../run/ready.ts";
import { patienceOf, underShareWatch } from "../run/share-watch.ts";
import type { Watch } from "../run/watch.ts";
import { type Copied, copyBackup, type Target } from "./copy-backup.ts";
import { basisOf } from "./copy-report.ts";
import type { MissingCopy } from "./find-missing.ts";

interface BringingUp {
  readonly missing: readonly MissingCopy[];
  readonly watch: Watch;
}

/** Trouble of a destination that the next copy would meet as well. */
const lasting: readonly string[] = [
  "destination.lagging",
  "destination.unreachable",
  "destination.denied",
  "destination.full",
  "destination.missing",
];

/** Copies one after the other, under the job's lock; one report each. A destination that cannot be used is asked once. */
export async function bringUpMissing(
  context: Context,
  job: BackupJob,
  { missing, watch }: BringingUp,
): Promise<readonly CopyMade[]> {
  const given = new Map<string, Failure>();
  const reports: CopyMade[] = [];
  for (const one of missing) {
    watch.signal.throwIfAborted();
    const refused = given.get(one.destination);
    const made = refused ?? (await attemptCopy(context, job, { one, watch }));
    if (made instanceof Failure && lasting.includes(made.code)) given.set(one.destination, made);
    reports.push(made instanceof Failure ? failed(one, made) : copied(one, made));
    tell(context, reports.at(-1));
  }
  return reports;
}

interface Attempt {
  readonly one: MissingCopy;
  readonly watch: Watch;
}

async function attemptCopy(
  context: Context,
  job: BackupJob,
  { one, watch }: Attempt,
): Promise<Copied | Failure> {
  const { destination: name, row } = one;
  try {
    const { destination, id, freeBytes } = await readyDestination(context, name);
    demandSpace(destination, { needBytes: row.sizeBytes, freeBytes });
    const target: Target = { destination, destinationId: id };
    const patience = { watch, destination, stallMs: patienceOf(job) };
    return await underShareWatch(context.clock, patience, (own) =>
      copyBackup(context, one, { target, watch: own }),
    );
  } catch (error) {
    watch.signal.throwIfAborted();
    return asFailure(error, "destination.io", `Cannot copy "${row.id}" to "${name}"`);
  }
}

function failed({ row, destination }: MissingCopy, failure: Failure): CopyMade {
  const exit = failure.meaning.exit === 4 ? 4 : 3; // the backup stands elsewhere: what lacks is this copy
  return { ...basisOf(row, destination), outcome: "failed", failure: reportOf(failure), exit };
}

function copied({ row, destination }: MissingCopy, made: Copied): CopyMade {
  const { from, level, readBack, warnings, hasDamage } = made;
  return {
    ...basisOf(row, destination),
    ...{ from, level, readBack, warnings },
    outcome: "copied",
    exit: hasDamage ? 4 : 0,
  };
}

function tell({ log }: Context, made: CopyMade | undefined): void {
  if (made === undefined) return;
  const { backup, destination, from, warnings, failure } = made;
  for (const warning of warnings) log.warn({ backup, destination }, warning);
  if (failure === null) log.info({ backup, destination }, `a missing copy was brought up from "${from}"`);
  else log.warn({ backup, destination, code: failure.code }, failure.message);
}
