import { test } from "node:test";
import { assertSwept } from "./assert-swept.ts";
import { sealedVerbs } from "./sealed-verbs.ts";
import { sweep } from "./sweep.ts";
import { verbs } from "./verbs.ts";

// Every second call of each kind, and every program at least once.
for (const verb of [...verbs, ...sealedVerbs].filter(({ doors }) => doors.includes("programs"))) {
  test(`${verb.name}: a program that does not start, dies late, ends early, lies or hangs is never believed`, async () =>
    assertSwept(await sweep(verb, "programs", 2)));
}
