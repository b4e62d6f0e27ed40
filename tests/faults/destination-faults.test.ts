import { test } from "node:test";
import { assertSwept } from "./assert-swept.ts";
import { sealedVerbs } from "./sealed-verbs.ts";
import { sweep } from "./sweep.ts";
import { verbs } from "./verbs.ts";

// Every eighth call of each kind, and every call by its name at least once.
for (const verb of [...verbs, ...sealedVerbs]) {
  for (const door of ["near", "far"] as const) {
    if (!verb.doors.includes(door)) continue;
    test(`${verb.name}: whatever breaks at "${door}" is told, loses nothing, and heals`, async () =>
      assertSwept(await sweep(verb, door, 8)));
  }
}
