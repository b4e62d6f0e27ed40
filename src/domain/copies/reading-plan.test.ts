import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { instant } from "../instant.ts";
import { budgetNeeded, planReading } from "./reading-plan.ts";

const sizes = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 12 });

/** Reads day after day; on which day each copy was read first, by its place. */
function readForDays(
  given: readonly number[],
  budgetBytes: number,
  days: number,
): readonly (number | null)[] {
  let copies = given.map((sizeBytes, place) => ({ sizeBytes, place, readAt: instant(place) }));
  const first = given.map((): number | null => null);
  for (let day = 1; day <= days; day += 1) {
    const chosen = new Set(planReading(copies, { budgetBytes, usedBytes: 0 }).map(({ place }) => place));
    for (const place of chosen) first[place] ??= day;
    copies = copies.map((copy) => (chosen.has(copy.place) ? { ...copy, readAt: instant(1000 * day) } : copy));
  }
  return first;
}

test("every copy is read in the end, also one that is larger than a day's budget", () => {
  fc.assert(
    fc.property(sizes, fc.integer({ min: 1, max: 60 }), (given, budgetBytes) => {
      assert.ok(readForDays(given, budgetBytes, given.length).every((day) => day !== null));
    }),
  );
});

test("no day reads more than its budget, but for a single copy that is larger than that", () => {
  const plan = fc.tuple(sizes, fc.integer({ min: 1, max: 60 }), fc.nat(60));
  fc.assert(
    fc.property(plan, ([given, budgetBytes, usedBytes]) => {
      const copies = given.map((sizeBytes, at) => ({ sizeBytes, readAt: instant(at) }));
      const chosen = planReading(copies, { budgetBytes, usedBytes });
      const sum = chosen.reduce((bytes, { sizeBytes }) => bytes + sizeBytes, 0);
      if (chosen.length === 1 && usedBytes === 0) return;
      assert.ok(chosen.length === 0 || usedBytes + sum <= budgetBytes);
    }),
  );
});

test("a budget is too small exactly when the copies cannot be read in time with it", () => {
  const copies = [{ sizeBytes: 70 }, { sizeBytes: 31 }];
  const within = (days: number) => days * 86_400_000;
  assert.equal(budgetNeeded(copies, { budgetBytes: 10, withinMs: within(10) }), 11);
  assert.equal(budgetNeeded(copies, { budgetBytes: 11, withinMs: within(10) }), null);
  assert.equal(budgetNeeded(copies, { budgetBytes: 101, withinMs: 1000 }), null);
});
