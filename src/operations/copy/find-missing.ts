import type { BackupRow, CopyRow } from "../../catalog/catalog.ts";
import type { BackupJob } from "../../domain/jobs/job.ts";
import { rankOf } from "../../domain/level.ts";
import { planCopies } from "../../domain/retention/retention-plan.ts";
import type { Context } from "../context.ts";
import { copiesOf, retentionOf } from "../prune/plan-job.ts";
import { distance } from "../run/late.ts";

/** A copy that should lie at a destination of its job. */
export interface MissingCopy {
  readonly row: BackupRow;
  readonly destination: string;
  /** Whole copies elsewhere, the best first. */
  readonly sources: readonly CopyRow[];
}

/** A copy that is not to be made, and why. */
export interface UnwantedCopy {
  readonly row: BackupRow;
  readonly destination: string;
  readonly reason: string;
}

export interface MissingCopies {
  /** Newest backup first. */
  readonly missing: readonly MissingCopy[];
  readonly unwanted: readonly UnwantedCopy[];
}

export interface MissingWish {
  /** Only to this one; null: to each of the job's. */
  readonly to: string | null;
  /** Only from this one; null: from any. */
  readonly from: string | null;
}

/**
 * What lacks at the destinations that the config names now, by the catalog: not what policy has removed there, nor what it
 * would remove at once, nor what nobody has a whole copy of. A damaged copy lacks nothing: its name is taken.
 */
export function findMissing(context: Context, job: BackupJob, wish: MissingWish): MissingCopies {
  const rows = context.catalog.backups({ job: job.name });
  const pruned = new Set(context.catalog.prunedCopies(job.name).map(keyOf));
  const found = job.to
    .filter((name) => wish.to === null || wish.to === name)
    .map((destination) => missingAt(context, job, { destination, rows, pruned, from: wish.from }));
  return {
    missing: found.flatMap(({ missing }) => missing).toSorted(newestFirst),
    unwanted: found.flatMap(({ unwanted }) => unwanted),
  };
}

function keyOf({ backupId, destination }: Pick<CopyRow, "backupId" | "destination">): string {
  return `${destination}\n${backupId}`;
}

function newestFirst(a: MissingCopy, b: MissingCopy): number {
  return b.row.createdAt - a.row.createdAt;
}

interface Place {
  readonly destination: string;
  readonly rows: readonly BackupRow[];
  readonly pruned: ReadonlySet<string>;
  readonly from: string | null;
}

function missingAt(context: Context, job: BackupJob, place: Place): MissingCopies {
  const { destination, rows, pruned } = place;
  const lacking = rows.filter(({ copies }) => {
    const copy = copies.find((one) => one.destination === destination);
    return copy === undefined || copy.state === "missing";
  });
  const surplus = surplusAt(context, job, { destination, rows });
  const missing: MissingCopy[] = [];
  const unwanted: UnwantedCopy[] = [];
  for (const row of lacking) {
    const sources = sourcesOf(context, row, place);
    const reason = pruned.has(keyOf({ backupId: row.id, destination }))
      ? "policy has removed it there"
      : surplus.has(row.id)
        ? "policy would remove it there at once"
        : sources.length === 0
          ? "there is no whole copy to read"
          : null;
    if (reason === null) missing.push({ row, destination, sources });
    else unwanted.push({ row, destination, reason });
  }
  return { missing, unwanted };
}

/** Level first, then whatever is near. */
function sourcesOf(
  { destinations }: Context,
  { copies }: BackupRow,
  { destination, from }: Place,
): readonly CopyRow[] {
  const nearness = ({ destination: name }: CopyRow) => {
    const known = destinations.get(name);
    return known === undefined ? 2 : distance(known);
  };
  return copies
    .filter((copy) => copy.state === "whole" && copy.destination !== destination)
    .filter((copy) => destinations.has(copy.destination) && (from === null || copy.destination === from))
    .toSorted((a, b) => rankOf(b.level) - rankOf(a.level) || nearness(a) - nearness(b));
}

/** What would be pruned there if every copy were there. */
function surplusAt(
  context: Context,
  job: BackupJob,
  { destination, rows }: Pick<Place, "destination" | "rows">,
): ReadonlySet<string> {
  const survey = {
    destination,
    destinationId: "",
    sizes: new Map<string, number>(),
    heldIds: new Set<string>(),
  };
  const asIfThere = rows.map((row) => ({ ...row, copies: [asIfWhole(row, destination)] }));
  const { here } = copiesOf(context, { rows: asIfThere, surveys: [survey] });
  const verdicts = planCopies(here, retentionOf(context, job, null)).flat();
  return new Set(verdicts.filter(({ verdict }) => verdict === "remove").map(({ backup }) => backup.id));
}

/** A copy that does not count where it lies would count as little as it does. */
function asIfWhole({ job, id, copies }: BackupRow, destination: string): CopyRow {
  const copy = copies.find((one) => one.destination === destination && one.state !== "missing");
  if (copy !== undefined) return { ...copy, destinationId: "" };
  const best = copies.toSorted((a, b) => rankOf(b.level) - rankOf(a.level))[0];
  return {
    job,
    backupId: id,
    destination,
    destinationId: "",
    state: "whole",
    level: best?.level ?? "unknown",
    readBack: null,
    checkedAt: null,
    failure: null,
  };
}
