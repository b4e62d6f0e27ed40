import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { lookUpOwner, mayGiveTo } from "./owner.ts";

const idOf = (flag: string, name: string) => Number(execFileSync("id", [flag, name], { encoding: "utf8" }));

test("names and numbers give the ids that `id` gives; without a group it is the user's own", async () => {
  const nobody = { uid: idOf("-u", "nobody"), gid: idOf("-g", "nobody") };
  assert.deepEqual(await lookUpOwner({ user: "nobody", group: null }), { kind: "found", ids: nobody });
  assert.deepEqual(await lookUpOwner({ user: String(nobody.uid), group: null }), {
    kind: "found",
    ids: nobody,
  });
  assert.deepEqual(await lookUpOwner({ user: "nobody", group: "root" }), {
    kind: "found",
    ids: { ...nobody, gid: 0 },
  });
});

test("numbers that nobody has are taken as they are, unknown names are not", async () => {
  assert.deepEqual(await lookUpOwner({ user: "54321", group: "54322" }), {
    kind: "found",
    ids: { uid: 54321, gid: 54322 },
  });
  assert.deepEqual(await lookUpOwner({ user: "54321", group: null }), {
    kind: "found",
    ids: { uid: 54321, gid: 54321 },
  });
  assert.deepEqual(await lookUpOwner({ user: "no-one-here", group: null }), {
    kind: "unknown",
    what: "user",
    name: "no-one-here",
  });
  assert.deepEqual(await lookUpOwner({ user: "root", group: "--help" }), {
    kind: "unknown",
    what: "group",
    name: "--help",
  });
});

test("only root gives files away; others keep them, within their groups", () => {
  const me = { uid: 1000, gid: 1000, groups: [1000, 27] };
  assert.ok(mayGiveTo({ uid: 0, gid: 0, groups: [] }, { uid: 5, gid: 5 }));
  assert.ok(mayGiveTo(me, { uid: 1000, gid: 27 }));
  assert.ok(!mayGiveTo(me, { uid: 1000, gid: 5 }));
  assert.ok(!mayGiveTo(me, { uid: 5, gid: 1000 }));
});
