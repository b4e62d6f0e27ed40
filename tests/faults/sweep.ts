import { setTimeout as delay, setImmediate as turn } from "node:timers/promises";
import type { CatalogFaultKind } from "../fakes/faulty-catalog.ts";
import type { FaultKind } from "../fakes/faulty-destination.ts";
import {
  assertFound,
  assertNothingHalf,
  assertNothingLost,
  assertSound,
  assertTold,
  shelfOf,
} from "./assertions.ts";
import { type Booted, type Broken, createMachine, type Machine } from "./machine.ts";
import { runWell, type Told, tell, type Verb, verifyWell } from "./verbs.ts";

/** One call broken once, and what came of it. */
export interface Step {
  readonly verb: string;
  readonly kind: string;
  /** "publish codexdb.sql". */
  readonly call: string;
  /** never: the operation did not end, as after a power cut, or where a destination hangs and is not given up. */
  readonly end: "well" | "told" | "never";
}

const changing = /^(stage|sink|publish|discard|put|remove|sync|checksums\.(add|drop|replace)|initialise)/;

/** What can happen to which calls. */
const kinds: readonly (readonly [FaultKind, RegExp])[] = [
  ["fail", /./],
  ["late", changing],
  ["kill", changing],
  ["hang", /./],
  ["full", /^(stage|sink|put|publish|checksums.add)/],
  ["lost", /^(publish|discard|put|sync|remove|checksums\.(add|drop))/],
  ["short", /^sink.write/],
  ["rot", /^(readBack|open|read) /],
  ["cut", /^(readBack|open|read) /],
];

const writing =
  /^(put|remove|add|clear|start|update|claim|record|skip|give|forget|atomically|enqueue|settle)/;

const catalogKinds: readonly (readonly [CatalogFaultKind, RegExp])[] = [
  ["fail", /./],
  ["late", writing],
  ["kill", writing],
];

/** Breaks each call that the verb makes at a destination once, in each way that can happen to it; or every n-th. */
export async function sweepDestination(verb: Verb, at: "near" | "far", stride = 1): Promise<readonly Step[]> {
  const machine = await stockedMachine();
  const steps: Step[] = [];
  for (const [kind, among] of kinds) {
    if (kind === "hang" && !verb.isPatient) continue; // as a power cut
    for (let call = 1 + (steps.length % stride); ; call += stride) {
      const step = await breakStep(machine, verb, { at, fault: { method: "*", call, kind, among } });
      if (step === null) break;
      steps.push(step);
    }
  }
  return steps;
}

/** As sweepDestination, at the catalog's door. */
export async function sweepCatalog(verb: Verb, stride = 1): Promise<readonly Step[]> {
  const machine = await stockedMachine();
  const steps: Step[] = [];
  for (const [kind, among] of catalogKinds) {
    for (let call = 1 + (steps.length % stride); ; call += stride) {
      const step = await breakStep(machine, verb, { at: "catalog", fault: { call, kind, among } });
      if (step === null) break;
      steps.push(step);
    }
  }
  return steps;
}

async function stockedMachine(): Promise<Machine> {
  const machine = await createMachine();
  for (const job of ["capsule", "database", "capsule", "database"]) await runWell(machine, job);
  return machine;
}

/** Null when the verb makes no such call. */
async function breakStep(machine: Machine, verb: Verb, broken: Exclude<Broken, null>): Promise<Step | null> {
  await verb.prepare(machine);
  machine.clock.leap(60_000);
  const before = { newest: shelfOf(machine, 1), newestTwo: shelfOf(machine, 2) };
  const booted = machine.boot(broken);
  const told = await watched(machine, booted, tell(verb.act(booted.context, new AbortController().signal)));
  const call = booted.struck();
  const { kind } = broken.fault;
  const doing = `${verb.name}: ${kind} at ${call} (call ${broken.fault.call} of ${broken.at})`;
  try {
    if (told !== null && !told.isWell) assertTold(told);
    assertNothingLost(machine, before.newestTwo);
    if (kind === "lost" && call !== null) await assertFound(machine);
    else assertNothingHalf(machine);
    if (call !== null) await assertHeals(machine, verb, kind);
    assertNothingLost(machine, before.newest);
  } catch (error) {
    const said = told === null ? "it never ended" : JSON.stringify(told);
    throw new Error(`${doing}\n${said}\n${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
  if (call === null) return null;
  return { verb: verb.name, kind, call, end: told === null ? "never" : told.isWell ? "well" : "told" };
}

/** The same again, with nothing broken, and then the nightly runs: all is as if nothing had happened. */
async function assertHeals(machine: Machine, verb: Verb, kind: string): Promise<void> {
  machine.clock.leap(60_000);
  await tell(verb.act(machine.boot().context, new AbortController().signal));
  // What was once read wrongly counts as damaged until it was read well by a check.
  if (kind === "rot" || kind === "cut") await verifyWell(machine);
  await runWell(machine, verb.job);
  if (kind !== "lost") await assertSound(machine);
}

/** What it told; null when it never ended. Time passes only while something hangs. */
async function watched(machine: Machine, booted: Booted, work: Promise<Told>): Promise<Told | null> {
  const ended: Told[] = [];
  void work.then((told) => ended.push(told));
  while (ended.length === 0 && booted.isOn() && !booted.hangs()) await turn();
  await waitInVain(machine, () => ended.length > 0 || !booted.isOn());
  if (ended.length === 0) booted.cut();
  return booted.isOn() ? (ended[0] ?? null) : null;
}

/** Lets time pass as long as anybody waits for its passing. */
async function waitInVain({ clock }: Machine, isOver: () => boolean): Promise<void> {
  for (let idle = 0; !isOver() && idle < 5; ) {
    const before = clock.fired();
    await clock.pass(30_000);
    await delay(idle === 0 ? 1 : 8); // files are written meanwhile
    idle = clock.fired() === before ? idle + 1 : 0;
  }
}
