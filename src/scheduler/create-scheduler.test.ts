import assert from "node:assert/strict";
import { test } from "node:test";
import { createDrivenClock } from "../../tests/fakes/driven-clock.ts";
import { commandJob } from "../../tests/fakes/real-context.ts";
import { instant } from "../domain/instant.ts";
import type { JobSlots } from "../domain/slots/slot-report.ts";
import { createSilentLog } from "../platform/log.ts";
import { createScheduler } from "./create-scheduler.ts";

const start = instant(Date.UTC(2026, 10, 23, 2));
const job = commandJob(["/bin/true"], { name: "job", schedule: "0 2 * * *" });

/** A scheduler whose looks at the slots end when the test answers them. */
function openScene() {
  const clock = createDrivenClock(start);
  const looks: PromiseWithResolvers<readonly JobSlots[]>[] = [];
  const started: string[] = [];
  const operations = {
    async decideSlots() {
      const look = Promise.withResolvers<readonly JobSlots[]>();
      looks.push(look);
      return await look.promise;
    },
    skipSlot: async () => undefined,
    reconcile: async () => [],
  };
  const starter = {
    async start({ job: name }: { readonly job: string }) {
      started.push(name);
      return [];
    },
  };
  const plan = () => ({ jobs: [job], concurrency: 2, drainMs: 1000, operations, starter });
  const controller = new AbortController();
  const scheduler = createScheduler({ clock, log: createSilentLog(), plan });
  const ended = scheduler.work(controller.signal);
  return { clock, looks, started, controller, scheduler, ended };
}

const slots = (due: boolean): JobSlots => ({
  job: "job",
  due: due ? start : null,
  passed: [],
  next: instant(start + 86_400_000),
});

test("asked to end while it looks at the slots, it starts none of them", async () => {
  const { clock, looks, started, controller, ended } = openScene();
  await clock.pass(0);
  controller.abort();
  looks[0]?.resolve([slots(true)]);
  await ended;
  assert.deepEqual(started, []);
});

test("woken while it looks at the slots, it looks again at once: what it was woken for may have come too late", async () => {
  const { clock, looks, controller, scheduler, ended } = openScene();
  await clock.pass(0);
  scheduler.wake();
  looks[0]?.resolve([slots(false)]);
  await clock.pass(1000);
  assert.equal(looks.length, 2);
  looks[1]?.resolve([slots(false)]);
  await clock.pass(30_000);
  assert.equal(looks.length, 2, "nobody has woken it since");
  controller.abort();
  await ended;
});
