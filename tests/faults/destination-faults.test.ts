import assert from "node:assert/strict";
import { test } from "node:test";
import { sweepDestination } from "./sweep.ts";
import { verbs } from "./verbs.ts";

/** Where only database jobs are at work, the other destination is not asked. */
const nearOnly = ["run database", "adopt", "restore", "prove"];

// Every fifth call; `npm run faults` breaks each one.
for (const verb of verbs) {
  for (const at of ["near", "far"] as const) {
    if (at === "far" && nearOnly.includes(verb.name)) continue;
    test(`${verb.name}: whatever breaks at "${at}" is told, loses nothing, and heals`, async () => {
      const steps = await sweepDestination(verb, at, 5);
      assert.ok(
        steps.some(({ end }) => end === "told"),
        "what broke was told",
      );
    });
  }
}
