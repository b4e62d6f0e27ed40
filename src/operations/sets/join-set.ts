import type { BackupRow, RunRow } from "../../catalog/catalog.ts";
import { parseManifest } from "../../domain/backups/manifest-text.ts";
import { formatInstant } from "../../domain/instant.ts";
import type { CapsuleJob, PostgresJob } from "../../domain/jobs/job.ts";
import { memberOf, type PointMember } from "../../domain/sets/restore-point.ts";
import { previousSlot } from "../../domain/slots/schedule.ts";
import type { Context } from "../context.ts";
import { databasesOfSet } from "./await-databases.ts";

/** So many runs of a database job are looked at for the names of its databases. */
const runsLookedAt = 200;

/** The databases that a capsule, whose walk begins now, belongs to; in the order of the config, then of their names. */
export function membersOf(context: Context, job: CapsuleJob): readonly PointMember[] {
  return databasesOfSet(context, job).flatMap((database) =>
    namesOf(context, job, database).map((name) => member(context, database, name)),
  );
}

/**
 * With "*", the databases of which there were runs since the last capsule; if there were none, those of the last
 * capsule's point. Null is a run that failed before it knew them.
 */
function namesOf(context: Context, capsule: CapsuleJob, job: PostgresJob): readonly (string | null)[] {
  if (job.databases.kind === "named") return job.databases.names;
  const [last] = context.catalog.backups({ job: capsule.name, limit: 1 });
  const runs = context.catalog.runs({ job: job.name, limit: runsLookedAt });
  const since = runs.filter((run) => last === undefined || run.startedAt > last.createdAt);
  const newest = since[0];
  if (newest !== undefined && newest.database === null && newest.outcome === "failed") return [null];
  const named = new Set(since.map(({ database }) => database).filter((name) => name !== null));
  if (named.size > 0) return [...named].toSorted();
  const members = last === undefined ? [] : (pointOf(context, last)?.members ?? []);
  return members.filter((one) => one.job === job.name).map(({ database }) => database);
}

function member(context: Context, job: PostgresJob, database: string | null): PointMember {
  const { catalog } = context;
  const schedule = context.scheduleOf(job);
  const [newest] = database === null ? [] : catalog.backups({ job: job.name, database, limit: 1 });
  const runs = catalog.runs({ job: job.name, limit: runsLookedAt });
  const isOf = (run: RunRow) => run.database === database || run.database === null;
  const lastRun = runs.find((run) => isOf(run) && run.finishedAt !== null && run.outcome !== "skipped");
  return memberOf({
    job: job.name,
    database,
    newest:
      newest === undefined
        ? null
        : { id: newest.id, createdAt: newest.createdAt, snapshotAt: snapshotOf(context, newest) },
    lastRun:
      lastRun === undefined
        ? null
        : {
            runId: lastRun.runId,
            startedAt: lastRun.startedAt,
            isFailed: lastRun.outcome === "failed",
          },
    lastDue: schedule === null ? null : previousSlot(schedule, context.clock.now()),
  });
}

/** The start of its run for one made before its job belonged to the set: then more is called changed than was. */
function snapshotOf(context: Context, row: BackupRow): string {
  const manifest = manifestOf(context, row);
  return manifest?.set?.snapshotAt ?? manifest?.postgres?.snapshot.takenAt ?? formatInstant(row.createdAt);
}

function pointOf(context: Context, row: BackupRow) {
  return manifestOf(context, row)?.set?.point ?? null;
}

function manifestOf({ catalog }: Context, { job, id }: BackupRow) {
  const text = catalog.manifestText(job, id);
  return text === null ? null : parseManifest(Buffer.from(text), `catalog: ${id}`);
}
