import assert from "node:assert/strict";
import { test } from "node:test";
import { capsuleJob } from "../../../tests/fakes/real-context.ts";
import { serviceOfJob } from "../systemd/systemd-texts.ts";
import type { Job } from "./job.ts";
import { mayOverlap } from "./lane.ts";
import { jobsOfAll, withProofJobs } from "./proof-job.ts";
import { neverProven, type ProveSettings } from "./prove-settings.ts";

function jobsOf(...settings: readonly (readonly [string, Partial<ProveSettings>])[]): readonly Job[] {
  return withProofJobs(
    settings.map(([name, prove]) => capsuleJob("/tree", { name, prove: { ...neverProven, ...prove } })),
  );
}

const weekly = { schedule: "0 5 * * 0" };

test("only what is proven by itself has a job that proves it", () => {
  const jobs = jobsOf(["a", weekly], ["b", {}], ["c", { afterEach: true }]);
  assert.deepEqual(
    jobs.map(({ name, schedule }) => [name, schedule]),
    [
      ["a", null],
      ["a:prove", "0 5 * * 0"],
      ["b", null],
      ["c", null],
      ["c:prove", null],
    ],
  );
});

test("all jobs are those that do not follow another one anyway", () => {
  const jobs = jobsOf(["a", weekly], ["b", { ...weekly, afterEach: true }]);
  assert.deepEqual(
    jobsOfAll(jobs).map(({ name }) => name),
    ["a", "a:prove", "b"],
  );
});

test("two proofs never run at the same time, a proof and a backup may", () => {
  const [a, proofOfA, , proofOfB] = jobsOf(["a", weekly], ["b", weekly]);
  assert.ok(a && proofOfA && proofOfB);
  assert.deepEqual(
    [mayOverlap(proofOfA, proofOfB), mayOverlap(a, proofOfA), mayOverlap(a, proofOfB)],
    [false, true, true],
  );
});

test("a unit that proves may become another user and has no limit but the proof's own; others have neither", () => {
  const jobs = jobsOf(["a", weekly], ["b", { afterEach: true }]);
  const command = { program: "/usr/bin/codex-backup", configPath: "/etc/config.yaml", user: "root" };
  const wish = { how: "timers", command, jobs, writePaths: ["/state"], resetTimes: false } as const;
  const texts = jobs.map((job) => serviceOfJob(wish, job));
  const [plain = "", proof = "", following = ""] = texts;
  for (const text of [proof, following]) {
    assert.match(text, /^CapabilityBoundingSet=.* CAP_SETUID/m);
    assert.match(text, /^TimeoutStartSec=infinity$/m);
  }
  assert.doesNotMatch(plain, /CAP_SETUID/);
  assert.match(plain, /^TimeoutStartSec=420s$/m);
});
