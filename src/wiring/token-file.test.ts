import assert from "node:assert/strict";
import { chmodSync, chownSync, mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createHandClock } from "../../tests/fakes/hand-clock.ts";
import { temporaryDirectory } from "../../tests/servers/cleanup.ts";
import { createSystemHost } from "../platform/host.ts";
import { createTokenFile } from "./token-file.ts";

const account = 12345;

/** The state directory belongs to an account of its own, as with a package; the tokens lie elsewhere. */
function openPlace() {
  const home = temporaryDirectory("tokens");
  const statePath = join(home, "state");
  const path = join(home, "tokens");
  mkdirSync(statePath);
  const file = createTokenFile({ path, statePath, clock: createHandClock(), host: createSystemHost() });
  return { path, statePath, file };
}

test("a file of tokens that its operator has opened to a group stays so when tokens come and go", async () => {
  const { path, file } = openPlace();
  await file.create({ name: "one", scope: "read" });
  assert.equal(statSync(path).mode & 0o777, 0o600);
  chmodSync(path, 0o640);
  await file.create({ name: "two", scope: "read" });
  assert.equal(statSync(path).mode & 0o777, 0o640);
  await file.revoke("two");
  assert.equal(statSync(path).mode & 0o777, 0o640);
});

test("a file of tokens that root makes is given to the account that owns the state, for its serve reads it", async () => {
  const { path, statePath, file } = openPlace();
  chownSync(statePath, account, account);
  await file.create({ name: "one", scope: "read" });
  const { uid, gid, mode } = statSync(path);
  assert.deepEqual([uid, gid, mode & 0o777], [account, account, 0o600]);
});
