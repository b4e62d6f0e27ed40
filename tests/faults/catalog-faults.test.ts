import assert from "node:assert/strict";
import { test } from "node:test";
import { sweepCatalog } from "./sweep.ts";
import { verbs } from "./verbs.ts";

// Every fourth call; `npm run faults` breaks each one. "destination init" asks no catalog.
for (const verb of verbs.filter(({ name }) => name !== "destination init")) {
  test(`${verb.name}: a catalog that breaks at any call is told, loses nothing, and heals`, async () => {
    const steps = await sweepCatalog(verb, 4);
    assert.ok(
      steps.some(({ end }) => end === "told"),
      "what broke was told",
    );
  });
}
