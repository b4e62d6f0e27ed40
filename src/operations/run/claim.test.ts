import assert from "node:assert/strict";
import { test } from "node:test";
import { createHandClock } from "../../../tests/fakes/hand-clock.ts";
import { createMemoryContext } from "../../../tests/fakes/memory-context.ts";
import { commandJob } from "../../../tests/fakes/real-context.ts";
import { temporaryDirectory } from "../../../tests/servers/cleanup.ts";
import { formatInstant, type Instant, instant, parseInstant } from "../../domain/instant.ts";
import type { CommandJob } from "../../domain/jobs/job.ts";
import { parseBlackout } from "../../domain/slots/blackout.ts";
import type { SlotNews } from "../../domain/slots/slot-report.ts";
import type { Context } from "../context.ts";
import { decideSlots } from "../slots.ts";
import { run } from "./run.ts";

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

function at(text: string): Instant {
  const found = parseInstant(text);
  assert.ok(found !== null, text);
  return found;
}

interface Night {
  readonly context: Context;
  set(text: string): void;
  /** Starts the job as cron does. */
  start(): Promise<{ readonly slots: readonly (string | null)[]; readonly news: readonly SlotNews[] }>;
  rows(): readonly string[];
}

/** A nightly job at 02:00 UTC, known since 2026-11-20 12:00. */
function openNight(given: Partial<CommandJob> = {}): Night {
  const statePath = temporaryDirectory("slots");
  const clock = createHandClock(at("2026-11-20T12:00:00Z"));
  const job = commandJob(["/bin/true"], { name: "job", schedule: "0 2 * * *", ...given });
  const base = createMemoryContext({ statePath, jobs: [job], destinations: [], clock });
  const context = { ...base, host: { ...base.host, pid: process.pid } };
  decideSlots(context);
  return {
    context,
    set: (text) => clock.set(at(text)),
    async start() {
      const news: SlotNews[] = [];
      const reports = await run(context, {
        jobs: ["job"],
        all: false,
        waitMs: 0,
        slot: "due",
        signal: new AbortController().signal,
        onSlot: (one) => news.push(one),
      });
      return { slots: reports.map((report) => report.slot), news };
    },
    rows: () =>
      context.catalog
        .slots({ job: "job" })
        .map(({ slot, state }) => `${formatInstant(slot).slice(5, 16)} ${state}`),
  };
}

test("a start at the slot runs it once; a second one at the same slot leaves no run", async () => {
  const night = openNight();
  night.set("2026-11-21T02:00:01Z");
  assert.deepEqual((await night.start()).slots, ["2026-11-21T02:00:00.000Z"]);
  const second = await night.start();
  assert.deepEqual(second.slots, []);
  assert.equal(second.news[0]?.state, "taken");
  assert.equal(night.context.catalog.runs().length, 1);
});

test("F49 after days off the newest slot is caught up once, and the others stand as missed", async () => {
  const night = openNight();
  night.set("2026-11-24T09:00:00Z");
  assert.deepEqual((await night.start()).slots, ["2026-11-24T02:00:00.000Z"]);
  assert.equal((await night.start()).news[0]?.state, "taken", "a timer that fires a moment later");
  assert.deepEqual(night.rows(), [
    "11-24T02:00 claimed",
    "11-23T02:00 missed",
    "11-22T02:00 missed",
    "11-21T02:00 missed",
  ]);
  const [run] = night.context.catalog.runs();
  assert.match(run?.warnings.join("\n") ?? "", /2026-11-23T02:00:00.000Z was missed, and 2 before it/);
});

test("a start at an hour that nobody planned is run under its own minute", async () => {
  const night = openNight();
  night.set("2026-11-21T02:00:00Z");
  await night.start();
  night.set("2026-11-21T15:30:20Z");
  assert.deepEqual((await night.start()).slots, ["2026-11-21T15:30:00.000Z"]);
});

test("F53 a slot whose run died is started once more, and not a third time", async () => {
  const night = openNight();
  night.set("2026-11-21T02:00:00Z");
  const died = (hours: number) => {
    const [claim] = night.context.catalog.slots({ job: "job" });
    assert.ok(claim?.runId);
    const row = night.context.catalog.run(claim.runId);
    assert.ok(row);
    // As the kernel leaves it after SIGKILL: unfinished, by a process that is no more.
    night.context.catalog.updateRun({ ...row, host: "host", pid: 2, finishedAt: null, outcome: null });
    night.set(`2026-11-21T0${hours}:00:00Z`);
  };
  await night.start();
  died(3);
  const again = await night.start();
  assert.deepEqual(again.slots, ["2026-11-21T02:00:00.000Z"]);
  assert.match(night.context.catalog.runs()[0]?.warnings.join("\n") ?? "", /has died/);
  died(4);
  assert.equal(decideSlots(night.context)[0]?.due, null);
});

test("a clock that ran a year ahead for a moment costs no later slot, and runs none twice", async () => {
  const night = openNight();
  night.set("2026-11-21T02:00:00Z");
  await night.start();
  night.set("2027-11-21T09:00:00Z");
  await night.start();
  assert.ok(night.rows().length > 300, "the year's slots are written down");
  night.set("2026-11-21T05:00:00Z");
  assert.equal(decideSlots(night.context)[0]?.due, null, "this night's slot was run");
  for (const day of ["22", "23"]) {
    night.set(`2026-11-${day}T02:00:00Z`);
    assert.deepEqual((await night.start()).slots, [`2026-11-${day}T02:00:00.000Z`]);
  }
});

test("F50 a slot of a job that is busy is recorded as skipped", async () => {
  const night = openNight({ argv: ["/bin/sleep", "0.3"] });
  night.set("2026-11-21T02:00:00Z");
  const byHand = run(night.context, {
    jobs: ["job"],
    all: false,
    waitMs: 0,
    slot: null,
    signal: new AbortController().signal,
  });
  const { slots } = await night.start();
  assert.deepEqual(slots, ["2026-11-21T02:00:00.000Z"]);
  await byHand;
  const [row] = night.context.catalog.slots({ job: "job" });
  assert.deepEqual([row?.state, row?.reason], ["skipped", "busy"]);
});

test("a slot in a blackout is skipped with its reason, and a start there leaves no run", async () => {
  const window = parseBlackout("01:00-03:00");
  assert.ok(window);
  const night = openNight({ due: { catchUp: "once", blackout: [window], jitterMs: 0 } });
  night.set("2026-11-21T02:00:00Z");
  const { slots, news } = await night.start();
  assert.deepEqual([slots, news[0]?.state, news[0]?.reason], [[], "skipped", "blackout 01:00-03:00"]);
  assert.deepEqual(night.rows(), ["11-21T02:00 skipped"]);
});

test("an edited schedule makes no slot of the past due", () => {
  const night = openNight();
  night.set("2026-11-21T01:00:00Z");
  const [job] = night.context.jobs;
  assert.ok(job);
  const edited = { ...night.context, jobs: [{ ...job, schedule: "30 0 * * *" }] };
  assert.equal(decideSlots(edited)[0]?.due, null);
  assert.equal(decideSlots(edited)[0]?.next, instant(at("2026-11-21T00:30:00Z") + dayMs));
});
