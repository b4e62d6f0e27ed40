import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryDirectory } from "../../tests/servers/cleanup.ts";
import { type Instant, instant } from "../domain/instant.ts";
import type { SlotRow } from "./catalog.ts";
import { openCatalog } from "./open-catalog.ts";

const hourMs = 3_600_000;
const at = (hours: number): Instant => instant(1_800_000_000_000 + hours * hourMs);

function row(hours: number, given: Partial<SlotRow> = {}): SlotRow {
  return {
    job: "job",
    slot: at(hours),
    state: "claimed",
    reason: null,
    runId: `run-${hours}`,
    decidedAt: at(hours),
    attempts: 1,
    pid: 1,
    bootId: "boot",
    host: "host",
    ...given,
  };
}

const missed = (hours: number) => row(hours, { state: "missed", reason: "why", runId: null, attempts: 0 });

function statesOf(catalog: ReturnType<typeof openCatalog>): readonly string[] {
  return catalog.slots({ job: "job" }).map(({ slot, state }) => `${(slot - at(0)) / hourMs} ${state}`);
}

test("of two connections one gets a slot; a claim whose run died is taken over by one, once", () => {
  const path = join(temporaryDirectory("slots"), "catalog.db");
  const [one, other] = [openCatalog(path), openCatalog(path)];
  assert.equal(one.claimSlot(row(1), null), true);
  assert.equal(other.claimSlot(row(1, { runId: "second" }), null), false);
  assert.equal(other.claimSlot(row(1, { runId: "second" }), "run-1"), true);
  assert.equal(one.claimSlot(row(1, { runId: "third" }), "run-1"), false, "the first was taken over already");
  const [found] = one.slots({ job: "job" });
  assert.deepEqual([found?.runId, found?.attempts], ["second", 2]);
  one.recordSlots("job", [missed(1)]);
  assert.deepEqual(statesOf(other), ["1 claimed"], "what was run is not missed");
  one.close();
  other.close();
});

test("a clock that goes back reopens what was only written down, and keeps what ran within a day", () => {
  const catalog = openCatalog(":memory:");
  catalog.recordSlots("job", [missed(1), missed(2), missed(3)]);
  catalog.claimSlot(row(4), null);
  catalog.claimSlot(row(30), null);
  catalog.forgetFutureSlots("job", at(1.5));
  assert.deepEqual(statesOf(catalog), ["4 claimed", "1 missed"], "30 was of a clock a day ahead");
  assert.equal(catalog.claimSlot(row(2), null), true);
  catalog.forgetFutureSlots("job", at(5));
  assert.deepEqual(statesOf(catalog), ["4 claimed", "3 missed", "2 claimed", "1 missed"], "3 was leapt over");
});

test("another schedule begins now, and so does one that was written down by a clock that was ahead", () => {
  const catalog = openCatalog(":memory:");
  assert.equal(catalog.scheduleSince("job", "0 2 * * * UTC", at(1)), at(1));
  assert.equal(catalog.scheduleSince("job", "0 2 * * * UTC", at(9)), at(1));
  assert.equal(catalog.scheduleSince("job", "0 3 * * * UTC", at(10)), at(10));
  assert.equal(catalog.scheduleSince("job", "0 3 * * * UTC", at(5)), at(5));
});

test("old rows go, so that a job of every minute does not fill the catalog", () => {
  const catalog = openCatalog(":memory:");
  const rows = Array.from({ length: 10_200 }, (_, index) => missed(index));
  catalog.recordSlots("job", rows);
  catalog.recordSlots("job", [missed(10_200)]);
  const kept = catalog.slots({ job: "job" });
  assert.ok(kept.length <= 10_001, `${kept.length}`);
  assert.equal(kept[0]?.slot, at(10_200));
});

test("old rows go, too, where every slot is run and none is passed over", () => {
  const catalog = openCatalog(":memory:");
  catalog.recordSlots(
    "job",
    Array.from({ length: 10_001 }, (_, index) => missed(index)),
  );
  for (const hour of [10_001, 10_002, 10_003]) assert.ok(catalog.claimSlot(row(hour), null));
  const kept = catalog.slots({ job: "job" });
  assert.ok(kept.length <= 10_001, `${kept.length}`);
  assert.equal(kept[0]?.slot, at(10_003));
});
