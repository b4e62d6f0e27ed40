import { speaksForNow } from "../anomalies/suspect.ts";
import { formatBackupNames } from "../backups/backup-name.ts";
import { type Instant, instant } from "../instant.ts";
import {
  type JobRetention,
  type PastRun,
  planDatabase,
  runsLookedAt,
  withoutMost,
} from "../retention/retention-plan.ts";
import { sizeAt } from "./growth.ts";
import type { ScriptEvent } from "./simulate-script.ts";
import {
  keyOf,
  type SimulatedCopy,
  type SimulatedJob,
  type SimulatedSource,
  type SimulatedVerdict,
  type World,
} from "./simulate-world.ts";

export interface SimulatedRun {
  readonly job: SimulatedJob;
  readonly source: SimulatedSource;
  /** By the true time. */
  readonly slot: Instant;
  /** Of the day. */
  readonly events: readonly ScriptEvent[];
}

interface RunDone {
  readonly world: World;
  readonly made: readonly SimulatedCopy[];
  /** Just before anything is removed. */
  readonly before: readonly SimulatedCopy[];
  readonly removed: readonly SimulatedVerdict[];
  readonly refused: readonly SimulatedVerdict[];
  readonly kept: readonly SimulatedVerdict[];
}

type Fate = "complete" | "incomplete" | "suspect" | "failed" | "none";

/** One slot of one database: what it leaves, and what its pruning takes. */
export function simulateRun(world: World, run: SimulatedRun): RunDone {
  const fate = fateOf(run);
  const nothing = { made: [], removed: [], refused: [], kept: [], before: world.copies };
  if (fate === "none") return { ...nothing, world };
  const now = instant(run.slot + world.offsetMs);
  const isComplete = fate === "complete" || fate === "suspect";
  const past: PastRun = { startedAt: now, finishedAt: now, isComplete, isDead: false };
  const recorded = { ...world, runs: withRun(world, run, past) };
  if (fate === "failed") return { ...nothing, world: recorded };
  const made = makeCopies(world, run, { now, fate });
  const before = [...world.copies, ...made];
  const grown: World = { ...recorded, copies: before };
  if (!isComplete) return { ...nothing, made, before, world: grown };
  return { ...pruned(grown, run, now), made, before };
}

function fateOf({ job, events }: SimulatedRun): Fate {
  const told = events.findLast(
    (event) => "run" in event && (event.job === undefined || event.job === job.name),
  );
  return told !== undefined && "run" in told ? told.run : "complete";
}

function withRun(world: World, { job, source }: SimulatedRun, past: PastRun): World["runs"] {
  const key = keyOf(job.name, source.database);
  const runs = [past, ...(world.runs.get(key) ?? [])].slice(0, runsLookedAt);
  return new Map([...world.runs, [key, runs]]);
}

interface Making {
  readonly now: Instant;
  readonly fate: Fate;
}

function makeCopies(world: World, { job, source, slot }: SimulatedRun, { now, fate }: Making) {
  const { database, growth } = source;
  const facts = { at: now, timezone: job.zone, database, job: job.name };
  const taken = new Set(world.copies.map(({ id }) => id));
  const names = formatBackupNames(job.nameTemplate, facts, "simulated");
  const id = names.find((name) => !taken.has(name)) ?? `${names.at(-1)}_${now}`;
  return job.to.map(
    (destination): SimulatedCopy => ({
      job: job.name,
      id,
      createdAt: now,
      outcome: fate === "incomplete" ? "incomplete" : "complete",
      isWhole: true,
      level: "read",
      isHeld: false,
      isProven: false,
      isSuspect: fate === "suspect",
      destination,
      database,
      sizeBytes: growth === null ? 0 : sizeAt(growth, slot),
    }),
  );
}

type Pruned = Pick<RunDone, "world" | "removed" | "refused" | "kept">;

function pruned(world: World, { job, source }: SimulatedRun, now: Instant): Pruned {
  const own = world.copies.filter((copy) => copy.job === job.name);
  const retention = retentionOf(world, job, now);
  const { verdicts, refused } = withoutMost(planDatabase(own, source.database, retention));
  const removed = verdicts.filter(({ verdict }) => verdict === "remove");
  const gone = new Set<SimulatedCopy>(removed.map(({ backup }) => backup));
  return {
    world: gone.size === 0 ? world : { ...world, copies: world.copies.filter((copy) => !gone.has(copy)) },
    removed,
    refused: refused.flat().filter(({ verdict }) => verdict === "remove"),
    kept: [...verdicts, ...refused.flat()].filter(({ verdict }) => verdict === "keep"),
  };
}

/** As the run itself sees it: it is still at it, and counts as good. */
function retentionOf(world: World, job: SimulatedJob, now: Instant): JobRetention {
  const runsOf = (database: string | null) => world.runs.get(keyOf(job.name, database)) ?? [];
  return {
    now,
    zone: job.zone,
    schedule: job.schedule,
    policyAt: job.policyAt,
    runsOf: (database) => {
      const [current, ...before] = runsOf(database);
      return current === undefined ? [] : [{ ...current, finishedAt: null }, ...before];
    },
    newestIsSuspect: (database) => {
      const own = world.copies.filter((copy) => copy.job === job.name && copy.database === database);
      const newest = own
        .filter((copy) => speaksForNow({ ...copy, adopted: false }, now))
        .reduce<SimulatedCopy | null>(
          (best, copy) => (best === null || copy.createdAt > best.createdAt ? copy : best),
          null,
        );
      return newest?.isSuspect ?? false;
    },
  };
}
