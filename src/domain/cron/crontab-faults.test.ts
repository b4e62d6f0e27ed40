import assert from "node:assert/strict";
import { test } from "node:test";
import { findCrontabFaults } from "./crontab-faults.ts";

const right = { text: "0 2 * * * root /bin/true\n", mode: 0o100644, uid: 0 };

test("a file that cron runs has no fault", () => {
  assert.deepEqual(findCrontabFaults(right), []);
});

test("each reason why cron ignores a file, or a line of it, is named", () => {
  const faults: readonly (readonly [Partial<typeof right>, RegExp])[] = [
    [{ uid: 1000 }, /user 1000, not to root/],
    [{ mode: 0o100664 }, /mode 664/],
    [{ text: "0 2 * * * root /bin/true" }, /no line end/],
    [{ text: "0 0 2 * * * root /bin/true\n" }, /line 1: it has six time fields/],
    [{ text: "0 2 * * * root date +%F\n" }, /line 1: what follows its % /],
    [{ text: "\uFEFF# words\n0 2 * * * root /bin/true\n" }, /line 1: it begins with a byte order mark/],
    [{ text: `0 2 * * * root /bin/echo ${"x".repeat(999)}\n` }, /line 1 is too long/],
  ];
  for (const [change, reason] of faults) {
    const [fault = "none", ...more] = findCrontabFaults({ ...right, ...change });
    assert.match(fault, reason);
    assert.deepEqual(more, []);
  }
});

test("a line that cron starts at boot is no fault", () => {
  assert.deepEqual(findCrontabFaults({ ...right, text: `@reboot root /bin/true\n${right.text}` }), []);
});
