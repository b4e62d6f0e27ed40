import assert from "node:assert/strict";
import { test } from "node:test";
import { type BandwidthRule, bandwidthAt } from "./bandwidth.ts";

const rule = (fromMinute: number, toMinute: number, bytesPerSecond: number): BandwidthRule => ({
  fromMinute,
  toMinute,
  bytesPerSecond,
});

test("a rule holds from its first minute to before its last one", () => {
  const rules = [rule(8 * 60, 20 * 60, 2e6)];
  const at = [7 * 60 + 59, 8 * 60, 19 * 60 + 59, 20 * 60].map((minute) => bandwidthAt(rules, minute));
  assert.deepEqual(at, [null, 2e6, 2e6, null]);
});

test("a rule whose end is before its start goes on past midnight", () => {
  const rules = [rule(22 * 60, 6 * 60, 5)];
  const at = [21 * 60 + 59, 22 * 60, 1439, 0, 359, 360].map((minute) => bandwidthAt(rules, minute));
  assert.deepEqual(at, [null, 5, 5, 5, 5, null]);
});

test("of several rules the strictest holds, and one from a time to the same time holds all day", () => {
  const rules = [rule(0, 0, 9), rule(60, 120, 3)];
  assert.deepEqual(
    [0, 60, 120, 1439].map((minute) => bandwidthAt(rules, minute)),
    [9, 3, 9, 9],
  );
  assert.equal(bandwidthAt([], 5), null);
});
