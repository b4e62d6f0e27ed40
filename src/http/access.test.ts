import assert from "node:assert/strict";
import { chmodSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { openHttpScene } from "../../tests/fakes/http-scene.ts";

const looks = [
  "/status",
  "/readyz",
  "/metrics",
  "/api/v1/jobs",
  "/api/v1/runs",
  "/api/v1/backups",
  "/api/v1/openapi.json",
];

test("without or with a wrong token nothing but /healthz is told", async () => {
  const { call, tokens } = await openHttpScene();
  for (const path of looks) {
    const bare = await call(path, { token: null });
    assert.equal(bare.status, 401, path);
    assert.match(bare.headers.get("www-authenticate") ?? "", /^Bearer/);
    assert.deepEqual(Object.keys(bare.json()), ["error"]);
  }
  const nearly = `${tokens.read.slice(0, -1)}${tokens.read.endsWith("A") ? "B" : "A"}`;
  for (const token of [nearly, "", "x".repeat(5000), tokens.read.toLowerCase()]) {
    const { status } = await call("/status", { token, address: "10.0.0.9" });
    assert.equal(status, 401);
  }
  assert.equal((await call("/healthz", { token: null })).status, 200);
  assert.equal((await call("/status")).status, 200);
});

test("each scope opens what it says and no more", async () => {
  const scene = await openHttpScene();
  const { call, tokens, backupId } = scene;
  const hold = `/api/v1/backups/capsule/${backupId}/hold`;
  const post = { method: "POST", body: "{}" };
  assert.equal((await call(hold, { ...post, token: tokens.read })).status, 403);
  assert.equal((await call(hold, { ...post, token: tokens.operate })).status, 200);
  assert.equal((await call(hold, { method: "DELETE", token: tokens.operate })).status, 403);
  assert.equal((await call("/api/v1/prune", { ...post, token: tokens.operate })).status, 403);
  assert.equal(scene.memory.context.catalog.backup("capsule", backupId)?.held, true);
  assert.equal((await call(hold, { method: "DELETE", token: tokens.admin })).status, 200);
  assert.equal(scene.memory.context.catalog.backup("capsule", backupId)?.held, false);
});

test("without a file of tokens this host may look, and nobody may change anything", async () => {
  const { call, requested } = await openHttpScene({ tokenFile: null });
  assert.equal((await call("/status", { token: null })).status, 200);
  const { status, json } = await call("/api/v1/runs", {
    method: "POST",
    token: null,
    body: '{"job":"capsule"}',
  });
  assert.equal(status, 403);
  assert.match(json().error.hint, /http\.tokenFile/);
  assert.deepEqual(requested, []);
});

test("a page of another site gets nothing: neither by a name that was bent to this host, nor by its origin", async () => {
  const { call, tokens, requested } = await openHttpScene();
  assert.equal((await call("/status", { headers: { host: "evil.example" } })).status, 421);
  assert.equal((await call("/status", { headers: { host: "127.0.0.1.evil.example:7420" } })).status, 421);
  assert.equal((await call("/status", { headers: { host: "localhost:7420" } })).status, 200);
  const run = { method: "POST", token: tokens.operate, body: '{"job":"capsule"}' };
  for (const headers of [
    { origin: "https://evil.example" },
    { origin: "null" },
    { origin: "http://127.0.0.1:9999" },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
  ]) {
    assert.equal((await call("/api/v1/runs", { ...run, headers })).status, 403, JSON.stringify(headers));
  }
  assert.deepEqual(requested, []);
  assert.equal(
    (await call("/api/v1/runs", { ...run, headers: { origin: "http://127.0.0.1:7420" } })).status,
    202,
  );
});

test("a name of a reverse proxy is answered once it is allowed", async () => {
  const { call } = await openHttpScene({ allowedHosts: ["backup.example.org"] });
  assert.equal((await call("/healthz", { headers: { host: "backup.example.org" } })).status, 200);
});

test("failed sign-ins are limited by address and altogether; a right token passes all the same, and time heals", async () => {
  const { call, clock } = await openHttpScene();
  const wrong = (address: string) => call("/status", { token: "cbk_wrong", address });
  const ten = await Promise.all(Array.from({ length: 10 }, () => wrong("10.0.0.1")));
  assert.ok(ten.every(({ status }) => status === 401));
  const limited = await wrong("10.0.0.1");
  assert.equal(limited.status, 429);
  assert.ok(Number(limited.headers.get("retry-after")) > 0);
  assert.equal((await call("/status", { address: "10.0.0.1" })).status, 200);
  assert.equal((await wrong("10.0.0.2")).status, 401);
  const many = await Promise.all(Array.from({ length: 120 }, (_, index) => wrong(`10.1.0.${index}`)));
  assert.ok(
    many.some(({ status }) => status === 429),
    "a botnet of single tries is limited, too",
  );
  await clock.pass(61_000);
  assert.equal((await wrong("10.0.0.1")).status, 401);
});

test("a token that is revoked opens nothing a second later, and one that is new does", async () => {
  const { call, clock, tokenPath, tokens } = await openHttpScene();
  assert.equal((await call("/status")).status, 200);
  writeFileSync(tokenPath, "# nobody\n");
  await clock.pass(1001);
  assert.equal((await call("/status", { token: tokens.admin })).status, 401);
});

test("a file of tokens that others may write, or that is half understood, lets nobody in", async () => {
  const { call, clock, tokenPath } = await openHttpScene();
  chmodSync(tokenPath, 0o666);
  await clock.pass(1001);
  assert.equal((await call("/status")).status, 401);
  chmodSync(tokenPath, 0o600);
  await clock.pass(1001);
  assert.equal((await call("/status")).status, 200);
  writeFileSync(tokenPath, "reader read 123\n");
  await clock.pass(1001);
  assert.equal((await call("/status")).status, 401);
});

test("changes are limited for each token", async () => {
  const { call, tokens } = await openHttpScene();
  const cancel = () =>
    call("/api/v1/runs/20261123T010000Z-ab12cd/cancel", { method: "POST", token: tokens.operate });
  const statuses = [];
  for (let index = 0; index < 62; index++) statuses.push((await cancel()).status);
  assert.deepEqual([statuses[0], statuses[59], statuses[60]], [202, 202, 429]);
});
