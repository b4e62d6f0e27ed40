import { readFileSync, rmSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Command } from "./commands.ts";
import { childrenOf, hashesOf, leftovers, wrongAfterDeath, wrongAfterHealing } from "./invariants.ts";
import type { Random } from "./random.ts";
import { type Ended, readTrace, type Started, type Workshop } from "./workshop.ts";

/** One death, and all that was wrong afterwards. */
export interface Death {
  readonly command: string;
  /** "link dump", or "at random: tool". */
  readonly step: string;
  /** killed: the tool died of it. ended: it was over before, or ended by itself with this status. */
  readonly end: "killed" | `ended ${number}`;
  readonly wrong: readonly string[];
  /** Something hidden was left until it was two days old. */
  readonly isLate: boolean;
  /** What to type to see it again. */
  readonly again: string;
}

/** The steps of a whole run in order, and how long it took. */
export async function traceSteps(workshop: Workshop, command: Command) {
  const home = workshop.clone();
  command.prepare?.(home);
  const trace = join(home, "trace");
  const startedMs = performance.now();
  const { code, stderr, stdout } = await workshop.start(home, command.argv, { trace }).ended;
  const lengthMs = performance.now() - startedMs;
  const steps = readTrace(trace);
  rmSync(home, { recursive: true, force: true });
  if (code !== 0) throw new Error(`${command.name} on a sound machine: ${code}\n${stdout}${stderr}`);
  return { steps, lengthMs };
}

/** Kills the command at its n-th step (from 1), just before the call or just after it. */
export function killAtStep(
  workshop: Workshop,
  command: Command,
  { killAt, isAfter }: { readonly killAt: number; readonly isAfter: boolean },
): Promise<Death> {
  return die(workshop, command, async (home) => {
    const trace = join(home, "trace");
    const ended = await patiently(workshop.start(home, command.argv, { trace, killAt, isAfter }));
    // Not the last line: while the call that it dies after is under way, others may begin.
    const last = readTrace(trace).find((line) => line.startsWith("killed at "));
    const step = last?.slice("killed at ".length) ?? "never came";
    return { ended, step, again: `--only "${command.name}" --step ${killAt}${isAfter ? " --after" : ""}` };
  });
}

/** How long a command takes at the moment; it is learned from those that were over before they were struck. */
export interface Pace {
  lengthMs: number;
}

export interface RandomKill {
  readonly pace: Pace;
  readonly random: Random;
  readonly again: string;
  /** One of its children, in place of the tool itself. */
  readonly isChild: boolean;
}

/** So often a moment is drawn anew because the command was over by then. */
const draws = 6;

/** Kills the tool, or one of its children, some time during its run. */
export async function killAtRandom(workshop: Workshop, command: Command, kill: RandomKill): Promise<Death> {
  for (let draw = 1; ; draw += 1) {
    const death = await killOnce(workshop, command, kill);
    if (death.step !== overBefore || death.wrong.length > 0 || draw === draws) return death;
  }
}

const overBefore = "at random: over before";

function killOnce(
  workshop: Workshop,
  command: Command,
  { pace, random, again, isChild }: RandomKill,
): Promise<Death> {
  const afterMs = random() * pace.lengthMs;
  return die(workshop, command, async (home) => {
    const startedMs = performance.now();
    const started = workshop.start(home, command.argv);
    const over = await Promise.race([started.ended.then(() => true), delay(afterMs, false)]);
    const pid = started.child.pid ?? 0;
    const children = over || !isChild ? [] : await nextChildren(started);
    const victim = children[Math.floor(random() * children.length)] ?? pid;
    const victimName = victim === pid ? "the tool" : (nameOf(victim) ?? "a child");
    const hasStruck = !over && (victim !== pid || !isChild) && tryKill(victim);
    const ended = await patiently(started);
    // The load of the machine changes: what was not struck tells how long it takes now.
    pace.lengthMs = hasStruck ? pace.lengthMs * 1.02 : performance.now() - startedMs;
    return { ended, step: hasStruck ? `at random: ${victimName}` : overBefore, again };
  });
}

/** Those that live at the moment, or the first ones that come; none when it ends without. */
async function nextChildren({ child, ended }: Started): Promise<readonly number[]> {
  let isOver = false;
  void ended.then(() => {
    isOver = true;
  });
  while (!isOver) {
    const children = childrenOf(child.pid ?? 0);
    if (children.length > 0) return children;
    await delay(10);
  }
  return [];
}

/** "pg_dump"; null when it has just ended. */
function nameOf(pid: number): string | null {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
  } catch {
    return null; // it has just ended
  }
}

function tryKill(pid: number): boolean {
  try {
    return process.kill(pid, "SIGKILL");
  } catch {
    return false; // it has just ended by itself
  }
}

const limitMs = 120_000;

async function patiently({ child, ended }: Started): Promise<Ended> {
  const over = new AbortController();
  const late = delay(limitMs, null, { signal: over.signal }).catch(() => null);
  const first = await Promise.race([ended, late]);
  over.abort();
  if (first !== null) return first;
  child.kill("SIGKILL");
  throw new Error(`it still runs after ${limitMs / 1000} s`);
}

/**
 * What no run of a job began (verify, adopt, prove) may still be at work for all that a run knows, so it is left
 * alone for two days. False when nothing was left.
 */
function letTwoDaysPass(home: string): boolean {
  const left = leftovers(home);
  const then = Date.now() / 1000 - 3 * 86_400;
  for (const path of left) utimesSync(join(home, path), then, then);
  return left.length > 0;
}

interface Killed {
  readonly ended: Ended;
  readonly step: string;
  readonly again: string;
}

/** A machine of its own, the death, and everything that is looked at afterwards. */
export async function die(
  workshop: Workshop,
  command: Command,
  kill: (home: string) => Promise<Killed>,
): Promise<Death> {
  const home = workshop.clone();
  command.prepare?.(home);
  const before = hashesOf(home);
  try {
    const { ended, step, again } = await kill(home);
    const wrong = [...wrongAfterDeath(home, before, { mayGo: command.mayGo === true })];
    for (const argv of command.heal) {
      const healed = await workshop.run(home, argv);
      if (healed.code !== 0)
        wrong.push(`${argv.join(" ")} ended with ${healed.code}: ${healed.stdout}${healed.stderr}`);
    }
    const isLate = letTwoDaysPass(home);
    // One job's run sweeps its own destinations: the other one's is needed only where something is left.
    for (const job of isLate ? ["database", "capsule"] : []) {
      if (leftovers(home).length === 0) break;
      const late = await workshop.run(home, ["run", job]);
      if (late.code !== 0) wrong.push(`run ${job}, two days later: ${late.stdout}${late.stderr}`);
    }
    wrong.push(...(await wrongAfterHealing(workshop, home)));
    const end = ended.signal === "SIGKILL" ? "killed" : (`ended ${ended.code ?? -1}` as const);
    return { command: command.name, step, end, wrong, isLate, again };
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    return {
      command: command.name,
      step: "?",
      end: "killed",
      wrong: [said],
      isLate: false,
      again: `--only "${command.name}"`,
    };
  } finally {
    rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  }
}
