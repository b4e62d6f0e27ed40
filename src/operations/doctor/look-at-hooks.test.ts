import assert from "node:assert/strict";
import { chmodSync } from "node:fs";
import { test } from "node:test";
import { openDoctorHome } from "../../../tests/fakes/doctor-scene.ts";
import { commandJob } from "../../../tests/fakes/real-context.ts";
import { lookAtHooks } from "./look-at-hooks.ts";

/** What is said of a hook that is a script in the tree. */
async function said(mode: number, folderMode: number, program?: string): Promise<readonly string[]> {
  const home = await openDoctorHome({ jobs: () => [commandJob(["true"])] });
  home.write("tree/hook.sh", "#!/bin/sh\n");
  chmodSync(home.path("tree/hook.sh"), mode);
  chmodSync(home.path("tree"), folderMode);
  const hooks = {
    before: [[program ?? home.path("tree/hook.sh")]],
    after: [],
    failed: [["true"]],
    timeoutMs: 1000,
  } as const;
  const found = await lookAtHooks(home.scene, { ...commandJob(["true"]), hooks });
  return found.map(({ code }) => code);
}

test("a hook's program must be there and executable, and nobody else may be able to change it", async () => {
  assert.deepEqual(await said(0o700, 0o700), ["hooks.ok"]);
  assert.deepEqual(await said(0o700, 0o700, "no-such-program"), ["hooks.before-missing"]);
  assert.deepEqual(await said(0o600, 0o700), ["hooks.before-missing"]);
  assert.deepEqual(await said(0o757, 0o700), ["hooks.world-writable"]);
});

test("a folder in which everybody may replace the program is as bad as the program, a sticky one is not", async () => {
  assert.deepEqual(await said(0o700, 0o777), ["hooks.world-writable"]);
  assert.deepEqual(await said(0o700, 0o1777), ["hooks.ok"]);
});
