import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { describeDestinationContract } from "../../../tests/contract/destination-contract.ts";
import { contentOf, hasCode, runId } from "../../../tests/contract/destination-steps.ts";
import { createDrivenClock, type DrivenClock } from "../../../tests/fakes/driven-clock.ts";
import { createFaultyDestination } from "../../../tests/fakes/faulty-destination.ts";
import { hastyClock } from "../../../tests/fakes/hasty-clock.ts";
import { createMemoryDestination, createMemoryStore } from "../../../tests/fakes/memory-destination.ts";
import { instant } from "../../domain/instant.ts";
import { withBandwidth } from "./bandwidth.ts";

const allDay = [{ fromMinute: 0, toMinute: 0, bytesPerSecond: 1e6 }];
const byDay = [{ fromMinute: 8 * 60, toMinute: 20 * 60, bytesPerSecond: 1e6 }];
const noon = instant(Date.UTC(2026, 10, 23, 12));
/** 19:59:58 in Berlin, and 18:59:58 in UTC. */
const lateInBerlin = instant(Date.UTC(2026, 10, 23, 18, 59, 58));

describeDestinationContract("a slow memory destination", async () => {
  const store = createMemoryStore();
  const open = () =>
    withBandwidth(createMemoryDestination({ store }), { clock: hastyClock(), rules: allDay, zone: "UTC" });
  return { destination: open(), reopen: open, close: async () => undefined };
});

/** Seconds that it took, on the fake clock. */
async function timed(clock: DrivenClock, work: () => Promise<unknown>): Promise<number> {
  const startedMs = clock.monotonicMs();
  let isOver = false;
  const done = work().finally(() => {
    isOver = true;
  });
  while (!isOver) {
    await clock.pass(0);
    if (!isOver) clock.toNext();
  }
  await done;
  return (clock.monotonicMs() - startedMs) / 1000;
}

const pieces = Array.from({ length: 50 }, () => randomBytes(100_000));

test("several files up and down together pass no faster than the rule says", async () => {
  const clock = createDrivenClock(noon);
  const storage = createMemoryDestination();
  await storage.put("down", Buffer.concat(pieces), runId);
  const destination = withBandwidth(storage, { clock, rules: byDay, zone: "UTC" });
  const send = async (name: string) => {
    const { sink } = await destination.stage(name, runId);
    for (const piece of pieces) await new Promise((resolve) => sink.write(piece, resolve));
    await new Promise<void>((resolve) => sink.end(resolve));
  };
  const receive = async () =>
    assert.deepEqual(await contentOf(await destination.open("down")), Buffer.concat(pieces));
  const seconds = await timed(clock, () => Promise.all([send("a"), send("b"), receive()]));
  assert.ok(seconds >= 14.5 && seconds <= 15.5, `15 MB at 1 MB/s took ${seconds} s`);
});

test("what is small is counted too, and idle time is not saved up", async () => {
  const clock = createDrivenClock(noon);
  const destination = withBandwidth(createMemoryDestination(), { clock, rules: byDay, zone: "UTC" });
  await clock.pass(3_600_000);
  const seconds = await timed(clock, async () => {
    for (const [index, piece] of pieces.entries()) await destination.put(`p${index}`, piece, runId);
    for (const index of pieces.keys()) await destination.read(`p${index}`);
  });
  assert.ok(seconds >= 9 && seconds <= 10, `10 MB at 1 MB/s took ${seconds} s`);
});

test("the rule ends when the clock of its zone says so, in the middle of a stream", async () => {
  const clock = createDrivenClock(lateInBerlin);
  const rules = [{ ...byDay[0], fromMinute: 480, toMinute: 1200, bytesPerSecond: 1e5 }];
  const destination = withBandwidth(createMemoryDestination(), { clock, rules, zone: "Europe/Berlin" });
  const seconds = await timed(clock, () => destination.put("a", Buffer.alloc(2_000_000), runId));
  const rest = await timed(clock, () => destination.put("b", Buffer.alloc(50_000_000), runId));
  assert.equal(seconds, 0);
  assert.ok(rest >= 2 && rest <= 3.1, `until 20:00 and not longer: ${rest} s`);
});

test("a slow sink tells what broke beneath it, and a discarded one stops", async () => {
  const faults = [{ method: "sink.write", call: 2, kind: "full" }] as const;
  const inner = createFaultyDestination(createMemoryDestination(), faults);
  const destination = withBandwidth(inner, { clock: hastyClock(), rules: allDay, zone: "UTC" });
  const broken = await destination.stage("a", runId);
  broken.sink.write(Buffer.alloc(10));
  broken.sink.write(Buffer.alloc(10));
  await assert.rejects(
    new Promise((_resolve, reject) => broken.sink.once("error", reject)),
    hasCode("destination.full"),
  );
  const given = await destination.stage("b", runId);
  given.sink.write(Buffer.alloc(10));
  await given.discard();
  assert.ok(given.sink.destroyed);
});
