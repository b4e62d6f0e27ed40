import { test } from "node:test";
import { assertSwept } from "./assert-swept.ts";
import { sealedVerbs } from "./sealed-verbs.ts";
import { sweep } from "./sweep.ts";
import { verbs } from "./verbs.ts";

// Every sixth call of each kind, and every call by its name at least once.
for (const verb of [...verbs, ...sealedVerbs].filter(({ doors }) => doors.includes("catalog"))) {
  test(`${verb.name}: a catalog that breaks at any call is told, loses nothing, and heals`, async () =>
    assertSwept(await sweep(verb, "catalog", 6)));
}
