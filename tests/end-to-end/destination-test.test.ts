import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { createOperator } from "./cli-tool.ts";

test("destination test tells of each promise, leaves nothing behind, and ends with 1 where it is not ours", async () => {
  const operator = createOperator(`state: ./state
destinations:
  b: { path: ./b }
  far: { webdav: { url: "https://127.0.0.1:1/x", user: u, password: { env: NOT_SET } } }
jobs: { c: { to: [b, far], capsule: { root: ./tree } } }
`);
  const refused = await operator.runHere("destination", "test", "b");
  assert.equal(refused.code, 1, refused.stderr);
  assert.match(refused.stdout, /broken +ready .*\n.*codex-backup destination init b/);

  await operator.runHere("destination", "init", "b");
  const before = readdirSync(operator.path("b"));
  const tried = await operator.runHere("--json", "destination", "test", "b");
  assert.equal(tried.code, 0, tried.stderr);
  const { tests } = JSON.parse(tried.stdout);
  assert.deepEqual([tests[0].destination, tests[0].leftBehind, tests[0].exit], ["b", [], 0]);
  assert.deepEqual(readdirSync(operator.path("b")), before);

  const unopened = await operator.runHere("destination", "test", "far");
  assert.equal(unopened.code, 1);
  assert.match(unopened.stdout, /its secret could not be opened[\s\S]*codex-backup config check/);
  const status = await operator.runHere("--json", "status");
  const far = JSON.parse(status.stdout).disk.find((one: { name: string }) => one.name === "far");
  assert.equal(far.failure, null); // monitors ask nothing that needs a secret
});
