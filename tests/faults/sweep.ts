import assert from "node:assert/strict";
import { Failure } from "../../src/domain/failure.ts";
import type { CatalogFaultKind } from "../fakes/faulty-catalog.ts";
import type { FaultKind } from "../fakes/faulty-destination.ts";
import type { ProgramFaultKind } from "../fakes/faulty-programs.ts";
import {
  assertFound,
  assertNothingHalf,
  assertNothingLost,
  assertNothingPlain,
  assertSound,
  assertTold,
  assertTrue,
  shelfOf,
} from "./assertions.ts";
import { type Booted, type Broken, createMachine, type Door, type Machine } from "./machine.ts";
import { atRest, beginToCount } from "./pending.ts";
import { type Kinds, nameOfCall, type Planned, planStrikes } from "./plan.ts";
import { runWell, type Told, tell, type Verb, verifyWell } from "./verbs.ts";

type Kind = FaultKind | CatalogFaultKind | ProgramFaultKind;

/** One call broken once, and what came of it. */
export interface Step {
  readonly kind: Kind;
  /** "publish codexdb_#.sql". */
  readonly call: string;
  /** never: the operation did not end, as after a power cut. */
  readonly end: "well" | "told" | "never";
}

export interface Sweep {
  readonly steps: readonly Step[];
  /** Every call that the verb makes at this door when nothing is broken, by name. */
  readonly names: ReadonlySet<string>;
  readonly isSampled: boolean;
  /** Every way in which one of them can break. */
  readonly kinds: ReadonlySet<Kind>;
}

const changing = /^(stage|sink|publish|discard|put|remove|sync|checksums\.(add|drop|replace)|initialise)/;

const atDestination: Kinds<FaultKind> = [
  ["fail", /./],
  ["away", /./],
  ["late", changing],
  ["kill", changing],
  ["crash", changing],
  ["hang", /./],
  ["full", /^(stage|sink|put|publish|checksums.add)/],
  ["lost", /^(publish|discard|put|sync|remove|checksums\.(add|drop))/],
  ["short", /^sink.write/],
  ["rot", /^(readBack|open|read) /],
  ["cut", /^(readBack|open|read) /],
];

const writing =
  /^(put|remove|add|clear|start|update|claim|record|skip|give|forget|atomically|enqueue|settle)/;

const atCatalog: Kinds<CatalogFaultKind> = [
  ["fail", /./],
  ["late", writing],
  ["kill", writing],
];

/** Those whose output is content, all of which is held against something. */
const speaking =
  /^(pg_dump|pg_restore text|psql restore|pg_dump back|pg_dump for proof|psql restore for proof)$/;

const inPrograms: Kinds<ProgramFaultKind> = [
  ["start", /./],
  ["late", /./],
  ["hang", /./],
  ["kill", /./],
  ["early", speaking],
  ["garbage", speaking],
  ["altered", / for proof$/],
];

/** Of what can happen at a door, to which calls. */
function kindsAt(door: Door, verb: Verb): Kinds<Kind> {
  if (door === "catalog") return atCatalog;
  if (door === "programs") return inPrograms;
  return atDestination.filter(([kind]) => kind !== "hang" || verb.isPatient); // where it is not given up: as a power cut
}

/**
 * Breaks calls that the verb makes at a door, each in a start of its own: every n-th, as planStrikes says. What it does
 * is taken from a run in which nothing is broken and all goes well. Each strike that was planned must have struck.
 */
export async function sweep(verb: Verb, door: Door, stride = 1): Promise<Sweep> {
  const machine = await createMachine();
  beginToCount();
  for (const job of verb.stock ?? ["capsule", "database", "capsule", "database"]) await runWell(machine, job);
  const trace = await traceOf(machine, verb, door);
  const kinds = kindsAt(door, verb);
  const steps: Step[] = [];
  const isSampled = verb.isSampled === true;
  // So that of a sample there is one strike of each kind, or two.
  const how = { stride: isSampled ? Math.max(stride, trace.length) : stride, isSampled };
  for (const planned of planStrikes(trace, kinds, how))
    steps.push(await breakStep(machine, verb, { door, planned }));
  const possible = kinds.filter(([, among]) => trace.some((call) => among.test(call)));
  return {
    steps,
    isSampled,
    names: new Set(trace.map(nameOfCall)),
    kinds: new Set(possible.map(([kind]) => kind)),
  };
}

/** Twice, since the first time may make what the second one finds. */
async function traceOf(machine: Machine, verb: Verb, door: Door): Promise<readonly string[]> {
  const traces: (readonly string[])[] = [];
  for (let time = 0; time < 2; time += 1) {
    await verb.prepare(machine);
    machine.clock.leap(60_000);
    const booted = machine.boot();
    const told = await tell(verb.act(booted.context, new AbortController().signal, machine));
    assert.ok(told.isWell, `${verb.name} on a sound machine: ${JSON.stringify(told)}`);
    traces.push(booted.callsAt(door));
  }
  return traces.at(-1) ?? [];
}

interface Strike {
  readonly door: Door;
  readonly planned: Planned<Kind>;
}

async function breakStep(machine: Machine, verb: Verb, { door, planned }: Strike): Promise<Step> {
  await verb.prepare(machine);
  machine.clock.leap(60_000);
  const before = { newest: shelfOf(machine, 1), newestTwo: shelfOf(machine, 2) };
  const booted = machine.boot(brokenAt(door, planned));
  const { kind, name, nth } = planned;
  const told = await watched(machine, booted, verb);
  const call = booted.struck();
  try {
    assert.notEqual(call, null, "the fault never struck");
    if (kind !== "kill" && kind !== "crash") assert.notEqual(told, null, "it never ended");
    if (told !== null && !told.isWell) assertTold(told);
    if (kind === "late" && verb.isPatient && published.test(name))
      assert.ok(told?.isWell, "what was done is not done again");
    if (door === "programs") assertTrue(machine, { kind, told });
    assertNothingLost(machine, before.newestTwo);
    assertNothingPlain(machine);
    if (kind === "lost") await assertFound(machine);
    else assertNothingHalf(machine);
    await assertHeals(machine, verb, kind);
    assertNothingLost(machine, before.newest);
  } catch (error) {
    const said = told === null ? "it never ended" : JSON.stringify(told);
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`${verb.name}: ${kind} at "${name}" (${nth}) of ${door}\n${said}\n${why}`, {
      cause: error,
    });
  }
  return { kind, call: name, end: told === null ? "never" : told.isWell ? "well" : "told" };
}

function brokenAt(door: Door, { kind, name, nth }: Planned<Kind>): NonNullable<Broken> {
  const among = { test: (call: string) => nameOfCall(call) === name };
  // Each kind comes from the list of its own door.
  if (door === "catalog") return { at: door, fault: { kind: kind as CatalogFaultKind, call: nth, among } };
  if (door === "programs") return { at: door, fault: { kind: kind as ProgramFaultKind, call: nth, among } };
  return { at: door, fault: { method: "*", kind: kind as FaultKind, call: nth, among } };
}

/** The same again, with nothing broken, and then the nightly runs: all is as if nothing had happened. */
async function assertHeals(machine: Machine, verb: Verb, kind: Kind): Promise<void> {
  machine.clock.leap(60_000);
  await tell(verb.act(machine.boot().context, new AbortController().signal, machine));
  // What was once read wrongly counts as damaged until it was read well by a check.
  if (kind === "rot" || kind === "cut") await verifyWell(machine);
  for (const job of verb.jobs) await runWell(machine, job);
  if (kind !== "lost") await assertSound(machine);
}

/** So long may pass on the clock before somebody who waits is called off. */
const patienceMs = 600_000;

/** What a run asks to be done once more when the answer was lost. */
const published = /^(publish|put) .*\.(zip|sql|age|sha256|minisig|manifest\.json)$/;

/** What it told; null when it never ended. Time passes only when everything else has come to rest. */
async function watched(machine: Machine, booted: Booted, verb: Verb): Promise<Told | null> {
  const { clock } = machine;
  const called = new AbortController();
  let told: Told | null = null;
  void tell(verb.act(booted.context, called.signal, machine)).then((said) => {
    told = said;
  });
  const isOver = () => told !== null || !booted.isOn();
  const untilMs = clock.monotonicMs() + patienceMs;
  for (;;) {
    await atRest(isOver);
    if (isOver()) break;
    if (clock.monotonicMs() < untilMs && clock.toNext()) continue;
    if (called.signal.aborted) break;
    called.abort(calledOff(verb.name));
  }
  const wasOn = booted.isOn();
  if (told === null) booted.cut();
  booted.end();
  return wasOn ? told : null;
}

/** As an operator does with Ctrl-C. */
function calledOff(verb: string): Failure {
  return new Failure("run.interrupted", `Cannot go on with "${verb}": it was interrupted`, {
    hint: "This is a test.",
  });
}
