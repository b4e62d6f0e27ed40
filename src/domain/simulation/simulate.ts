import { type Instant, instant } from "../instant.ts";
import { slotsBetween } from "../slots/schedule.ts";
import { applyMarks } from "./simulate-marks.ts";
import { simulateRun } from "./simulate-run.ts";
import type { ScriptEvent } from "./simulate-script.ts";
import {
  bytesByPlace,
  keyOf,
  type SimulatedCopy,
  type SimulatedJob,
  type SimulatedVerdict,
  type World,
} from "./simulate-world.ts";

const dayMs = 86_400_000;

export interface SimulationInput {
  readonly now: Instant;
  readonly days: number;
  readonly jobs: readonly SimulatedJob[];
  readonly script: readonly ScriptEvent[];
}

/** What a day brings. */
export interface SimulatedDay {
  /** 1 is the first 24 hours from now. */
  readonly day: number;
  /** Its end, by the true time. */
  readonly at: Instant;
  readonly made: readonly SimulatedCopy[];
  readonly removed: readonly SimulatedVerdict[];
  /** Verdicts of which nothing was carried out: more than half would have gone at once. */
  readonly refused: readonly SimulatedVerdict[];
  /** Every verdict of the day's last plans, to see which rule keeps what. */
  readonly kept: readonly SimulatedVerdict[];
  /** All that exists at the end of the day. */
  readonly copies: readonly SimulatedCopy[];
  /** The most bytes that lie at each destination during the day: new backups come before old ones go. */
  readonly peakBytes: ReadonlyMap<string, number>;
}

/**
 * What would exist on each day: every slot makes a backup of the size that growth tells, and prunes by the very
 * functions that a real run prunes by. Touches nothing and asks nothing; a script says what goes wrong meanwhile.
 */
export function* simulate(input: SimulationInput): Generator<SimulatedDay> {
  let world = openWorld(input);
  for (let day = 1; day <= input.days; day += 1) {
    const events = input.script.filter((event) => isOn(event, day));
    world = applyMarks(world, events);
    const done = simulateDay(input, world, { day, events });
    ({ world } = done);
    yield done.told;
  }
}

function isOn(event: ScriptEvent, day: number): boolean {
  const until = "until" in event ? (event.until ?? event.day) : event.day;
  return event.day <= day && day <= until;
}

function openWorld({ jobs }: SimulationInput): World {
  return {
    copies: jobs.flatMap((job) => job.copies.map((copy) => ({ ...copy, job: job.name }))),
    runs: new Map(
      jobs.flatMap((job) => job.sources.map(({ database, runs }) => [keyOf(job.name, database), runs])),
    ),
    offsetMs: 0,
  };
}

interface Day {
  readonly day: number;
  readonly events: readonly ScriptEvent[];
}

interface DayDone {
  readonly world: World;
  readonly told: SimulatedDay;
}

function simulateDay(input: SimulationInput, start: World, { day, events }: Day): DayDone {
  const from = instant(input.now + (day - 1) * dayMs);
  const at = instant(from + dayMs);
  const made: SimulatedCopy[] = [];
  const removed: SimulatedVerdict[] = [];
  const refused: SimulatedVerdict[] = [];
  const plans = new Map<string, readonly SimulatedVerdict[]>();
  const peakBytes = new Map(bytesByPlace(start.copies));
  let world = start;
  for (const { job, slot } of dueSlots(input.jobs, from, at)) {
    for (const source of job.sources) {
      const done = simulateRun(world, { job, source, slot, events });
      ({ world } = done);
      made.push(...done.made);
      removed.push(...done.removed);
      refused.push(...done.refused);
      plans.set(keyOf(job.name, source.database), done.kept);
      for (const [place, bytes] of bytesByPlace(done.before))
        peakBytes.set(place, Math.max(bytes, peakBytes.get(place) ?? 0));
    }
  }
  const kept = [...plans.values()].flat();
  return { world, told: { day, at, made, removed, refused, kept, copies: world.copies, peakBytes } };
}

interface Due {
  readonly job: SimulatedJob;
  readonly slot: Instant;
}

/** In the order of time, then of the config. */
function dueSlots(jobs: readonly SimulatedJob[], from: Instant, until: Instant): readonly Due[] {
  const due = jobs.flatMap((job) =>
    job.schedule === null ? [] : slotsBetween(job.schedule, from, until).map((slot) => ({ job, slot })),
  );
  return due.toSorted((a, b) => a.slot - b.slot);
}
