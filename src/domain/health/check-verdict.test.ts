import assert from "node:assert/strict";
import { test } from "node:test";
import { type CheckedJob, judgeJob } from "./check-verdict.ts";

const well: CheckedJob = {
  label: "database",
  leavesBackups: true,
  healthy: true,
  reason: "its newest good backup is 6 h old",
  isAboutAge: true,
  ageMs: 6 * 3_600_000,
  concerns: [],
  isGrave: false,
};
const noLimits = { warningMs: null, criticalMs: null };

test("a concern is a warning, and a grave one critical, with and without limits", () => {
  const concerns = ['"a" at "two" was found damaged: other bytes'];
  const words = concerns[0];
  for (const limits of [noLimits, { warningMs: 9e7, criticalMs: 9e8 }]) {
    assert.deepEqual(judgeJob(well, limits), { state: "OK", words: null });
    assert.deepEqual(judgeJob({ ...well, concerns }, limits), { state: "WARNING", words });
    assert.deepEqual(judgeJob({ ...well, concerns, isGrave: true }, limits), { state: "CRITICAL", words });
  }
});
