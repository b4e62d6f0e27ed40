/**
 * npm run faults: kills the tool at each named step and at random, fills its disks, flips bits of what it stored, and
 * looks after each at everything that was promised. Writes docs/reliability.md unless --quick or --only is given.
 * npm run faults [-- --quick] [--minutes 60] [--repeat 20] [--random 300] [--disk 40] [--flips 200] [--seed 1] [--workers 2]
 *                [--only COMMAND [--step N [--after]]]
 */
import { parseArgs } from "node:util";
import { type Command, commands } from "./commands.ts";
import { fillDisk } from "./disk.ts";
import { flipBit } from "./flip.ts";
import { type Death, killAtRandom, killAtStep, type Pace, traceSteps } from "./kill.ts";
import { writePage } from "./page.ts";
import { buildProgram } from "./program.ts";
import { type Random, seededRandom } from "./random.ts";
import { openWorkshop, type Workshop } from "./workshop.ts";

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    minutes: { type: "string", default: "120" },
    repeat: { type: "string", default: "20" },
    random: { type: "string", default: "300" },
    disk: { type: "string", default: "40" },
    flips: { type: "string", default: "200" },
    seed: { type: "string", default: "1" },
    workers: { type: "string", default: "2" },
    only: { type: "string" },
    step: { type: "string" },
    after: { type: "boolean", default: false },
  },
});

interface Traced {
  readonly command: Command;
  readonly steps: readonly string[];
  readonly pace: Pace;
}

type Attempt = (workshop: Workshop) => Promise<Death>;

/** Which numbers bear the name of a step. */
function placesOf(steps: readonly string[]): ReadonlyMap<string, readonly number[]> {
  const numbered = steps.map((name, index) => ({ name, killAt: index + 1 }));
  return new Map(
    [...Map.groupBy(numbered, ({ name }) => name)].map(([name, all]) => [name, all.map((one) => one.killAt)]),
  );
}

/** One death at each named step, at another place of it each round, before the call and after it in turn. */
function stepRound({ command, steps }: Traced, round: number): readonly Attempt[] {
  return [...placesOf(steps).values()].map((places) => {
    const killAt = places[Math.floor(round / 2) % places.length] ?? 1;
    return (workshop) => killAtStep(workshop, command, { killAt, isAfter: round % 2 === 1 });
  });
}

function plan(traced: readonly Traced[], random: Random): readonly Attempt[] {
  const seed = Number(values.seed);
  const withChildren = traced.filter(({ command }) => command.hasChildren === true);
  const atRandom = (
    count: number,
    attempt: (workshop: Workshop, one: Traced, own: Random) => Promise<Death>,
    among = traced,
  ): readonly Attempt[] =>
    Array.from({ length: values.quick ? Math.min(6, count) : count }, () => {
      const one = among[Math.floor(random() * among.length)];
      if (one === undefined) throw new Error("no command was traced");
      const own = seededRandom(Math.floor(random() * 2 ** 32));
      return (workshop) => attempt(workshop, one, own);
    });
  const kill =
    (isChild: boolean) =>
    (workshop: Workshop, { command, pace }: Traced, own: Random) => {
      const again = `--only "${command.name}" --seed ${seed}`;
      return killAtRandom(workshop, command, { pace, random: own, again, isChild });
    };
  const rounds = Array.from({ length: values.quick ? 1 : Number(values.repeat) }, (_, round) =>
    traced
      .filter(({ command }) => round < Math.ceil(Number(values.repeat) * command.share))
      .flatMap((one) => stepRound(one, round)),
  );
  const steps = values.quick
    ? (rounds[0] ?? []).filter((_, index) => index % 12 === seed % 12)
    : rounds.flat();
  return interleave([
    steps,
    atRandom(Math.ceil(Number(values.random) / 2), kill(false)),
    atRandom(withChildren.length === 0 ? 0 : Math.floor(Number(values.random) / 2), kill(true), withChildren),
    process.getuid?.() === 0
      ? atRandom(Number(values.disk), (workshop, { command, pace }, own) =>
          fillDisk(workshop, command, { lengthMs: pace.lengthMs, random: own }),
        )
      : [],
    atRandom(Number(values.flips), (workshop, _one, own) => flipBit(workshop, own)),
  ]);
}

/** In shares, so that a campaign that is cut short has tried some of each. */
function interleave(lists: readonly (readonly Attempt[])[]): readonly Attempt[] {
  return lists
    .flatMap((list) => list.map((attempt, index) => ({ attempt, share: index / list.length })))
    .toSorted((a, b) => a.share - b.share)
    .map(({ attempt }) => attempt);
}

function tell(death: Death, done: number, all: number): void {
  if (done % 25 === 0) process.stderr.write(`${done} of ${all}\n`);
  if (death.wrong.length === 0) return;
  process.stdout.write(`WRONG ${death.command}, ${death.step}, ${death.end}; again: ${death.again}\n`);
  for (const line of death.wrong) process.stdout.write(`  ${line.trim().replaceAll("\n", "\n  ")}\n`);
}

/** In order, each machine takes the next one, until the time is up. */
async function carryOut(
  workshops: readonly Workshop[],
  attempts: readonly Attempt[],
  untilMs: number,
): Promise<readonly Death[]> {
  const deaths: Death[] = [];
  const waiting = attempts.values();
  const work = workshops.map(async (workshop) => {
    for (const attempt of waiting) {
      const death = await attempt(workshop);
      deaths.push(death);
      tell(death, deaths.length, attempts.length);
      if (performance.now() > untilMs) return;
    }
  });
  await Promise.all(work);
  return deaths;
}

interface Tried {
  readonly deaths: readonly Death[];
  readonly planned: number;
}

async function campaign(workshops: readonly [Workshop, ...Workshop[]]): Promise<Tried> {
  const untilMs = performance.now() + Number(values.minutes) * 60_000;
  const chosen = commands.filter(({ name }) => values.only === undefined || name === values.only);
  const traced: Traced[] = [];
  for (const command of chosen) {
    const { steps, lengthMs } = await traceSteps(workshops[0], command);
    traced.push({ command, steps, pace: { lengthMs } });
  }
  const [first] = chosen;
  if (values.step !== undefined && first !== undefined) {
    const death = await killAtStep(workshops[0], first, {
      killAt: Number(values.step),
      isAfter: values.after,
    });
    tell(death, 1, 1);
    return { deaths: [death], planned: 1 };
  }
  const attempts = plan(traced, seededRandom(Number(values.seed)));
  return { deaths: await carryOut(workshops, attempts, untilMs), planned: attempts.length };
}

// A server each: connections that are left over are told by where they are.
const program = await buildProgram();
const open = () => openWorkshop({ rows: 500, program, hasReceipts: true });
const workshops: [Workshop, ...Workshop[]] = [await open()];
while (workshops.length < Number(values.workers) && values.only === undefined) workshops.push(await open());
const startedMs = performance.now();
try {
  const { deaths, planned } = await campaign(workshops);
  const wrong = deaths.filter((death) => death.wrong.length > 0);
  const minutes = (performance.now() - startedMs) / 60_000;
  process.stdout.write(`${deaths.length} tried in ${minutes.toFixed(1)} min, ${wrong.length} wrong\n`);
  if (!values.quick && values.only === undefined) writePage({ deaths, planned, minutes, seed: values.seed });
  process.exitCode = wrong.length === 0 ? 0 : 1;
} finally {
  for (const workshop of workshops) await workshop.close();
  program.close();
}
