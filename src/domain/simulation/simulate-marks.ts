import type { ScriptEvent } from "./simulate-script.ts";
import type { SimulatedCopy, World } from "./simulate-world.ts";

/** The world after the day's events of clock and marks; those of runs are left to the runs. */
export function applyMarks(world: World, events: readonly ScriptEvent[]): World {
  return events.reduce(applyOne, world);
}

function applyOne(world: World, event: ScriptEvent): World {
  if ("clock" in event) return { ...world, offsetMs: world.offsetMs + event.clock };
  if ("hold" in event) return mark(world, { ...event, backup: event.hold }, { isHeld: true });
  if ("release" in event) return mark(world, { ...event, backup: event.release }, { isHeld: false });
  if ("prove" in event) return mark(world, { ...event, backup: event.prove }, { isProven: true });
  return world;
}

interface Marked {
  readonly job?: string | undefined;
  /** An id, or "latest". */
  readonly backup: string;
}

function mark(
  world: World,
  { job, backup }: Marked,
  change: Partial<Pick<SimulatedCopy, "isHeld" | "isProven">>,
): World {
  const chosen = world.copies.filter((copy) => job === undefined || copy.job === job);
  const ids = new Set(backup === "latest" ? latestIds(chosen) : [backup]);
  const isMarked = (copy: SimulatedCopy) => ids.has(copy.id) && (job === undefined || copy.job === job);
  return { ...world, copies: world.copies.map((copy) => (isMarked(copy) ? { ...copy, ...change } : copy)) };
}

/** The newest of each job and database. */
function latestIds(copies: readonly SimulatedCopy[]): readonly string[] {
  const latest = new Map<string, SimulatedCopy>();
  for (const copy of copies) {
    const key = `${copy.job}\n${copy.database}`;
    const known = latest.get(key);
    if (known === undefined || copy.createdAt > known.createdAt) latest.set(key, copy);
  }
  return [...latest.values()].map(({ id }) => id);
}
