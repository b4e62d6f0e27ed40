import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { instant } from "../instant.ts";
import { copiesRule, describeRule, type RuledCopy, type RuleFacts } from "./copies-rule.ts";

const dayMs = 86_400_000;
const now = instant(Date.parse("2026-11-23T02:00:00Z"));

const copy = fc.record({
  destination: fc.constantFrom("a", "b", "c", "d"),
  medium: fc.constantFrom("disk", "tape", "cloud"),
  isOffSite: fc.boolean(),
  isImmutable: fc.boolean(),
});

const facts = fc.record({
  copies: fc.array(copy, { maxLength: 4 }),
  reading: fc.record({
    copies: fc.nat(50),
    bad: fc.nat(3),
    oldestReadAt: fc.option(fc.integer({ min: 0, max: 60 }).map((days) => instant(now - days * dayMs))),
  }),
  withinMs: fc.constant(30 * dayMs),
  now: fc.constant(now),
});

const good: RuledCopy = { destination: "x", medium: "other", isOffSite: true, isImmutable: true };

test("one more good copy never makes the rule worse, in any order of the copies", () => {
  fc.assert(
    fc.property(facts, (given: RuleFacts) => {
      const before = copiesRule(given);
      const after = copiesRule({ ...given, copies: [...given.copies, good] });
      assert.ok(after.lacking.every((point) => before.lacking.includes(point)));
      assert.deepEqual(copiesRule({ ...given, copies: given.copies.toReversed() }), before);
    }),
  );
});

test("the rule is never called kept without two copies elsewhere, on two media, one away, one locked, all read", () => {
  fc.assert(
    fc.property(facts, (given: RuleFacts) => {
      if (copiesRule(given).lacking.length > 0) return;
      const { copies, reading } = given;
      assert.ok(copies.length >= 2 && new Set(copies.map(({ medium }) => medium)).size >= 2);
      assert.ok(copies.some(({ isOffSite }) => isOffSite) && copies.some(({ isImmutable }) => isImmutable));
      assert.ok(reading.bad === 0 && reading.oldestReadAt !== null);
      assert.ok(now - reading.oldestReadAt <= given.withinMs);
    }),
  );
});

test("a backup without a copy, or that nobody has read in time, is told as such", () => {
  const reading = { copies: 2, bad: 0, oldestReadAt: instant(now - 31 * dayMs) };
  const late = copiesRule({
    copies: [good, { ...good, medium: "disk" }],
    reading,
    withinMs: 30 * dayMs,
    now,
  });
  assert.equal(
    describeRule(late),
    "3 copies, 2 media, 2 off-site, 2 immutable, 1 error: the 3-2-1-1-0 rule lacks a reading without error",
  );
  const none = { copies: [], reading: { copies: 0, bad: 0, oldestReadAt: null }, withinMs: dayMs, now };
  assert.equal(copiesRule(none).lacking.length, 5);
});
