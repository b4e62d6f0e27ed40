import assert from "node:assert/strict";
import { test } from "node:test";
import { failureTable } from "../failure-table.ts";
import { mayNameContent, withheld } from "./untold.ts";

const words = { doing: 'Cannot finish "database"', hint: "Look there." };

test("a failure that quotes a server or an archive is told by its code alone, another one whole", () => {
  const denied = {
    code: "postgres.permission",
    message: "Cannot read public.mergers",
    hint: "GRANT SELECT ON public.mergers",
  } as const;
  const told = withheld(denied, words);
  assert.doesNotMatch(JSON.stringify(told), /mergers/);
  assert.deepEqual([told.code, told.hint], ["postgres.permission", "Look there."]);
  assert.match(told.message, /postgres\.permission/);
  const full = { code: "destination.full", message: "Cannot write", hint: null } as const;
  assert.equal(withheld(full, words), full);
});

test("of the codes that servers, trees and proofs raise, only those of connections and places are open", () => {
  const open = Object.keys(failureTable).filter((code) => !mayNameContent(code));
  const areas = (name: string) => open.filter((code) => code.startsWith(`${name}.`));
  assert.ok(!open.includes("run.internal"), "nobody foresaw what it says");
  for (const code of [
    "postgres.query",
    "postgres.dump-stderr",
    "postgres.ddl-blocked",
    "postgres.restore-failed",
  ])
    assert.ok(!open.includes(code), code);
  assert.deepEqual(areas("proof"), ["proof.space", "proof.nothing"]);
  assert.deepEqual(areas("capsule"), ["capsule.root-missing", "capsule.root-unreadable", "capsule.empty"]);
});
