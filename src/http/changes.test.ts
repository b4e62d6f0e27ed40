import assert from "node:assert/strict";
import { test } from "node:test";
import { type HttpScene, openHttpScene } from "../../tests/fakes/http-scene.ts";
import { Failure } from "../domain/failure.ts";
import { createApp } from "./create-app.ts";

test("a change is put down before it is begun and after it has ended, with who and from where", async () => {
  const { call, tokens, audit, backupId } = await openHttpScene();
  const path = `/api/v1/backups/capsule/${backupId}/hold`;
  await call(path, {
    method: "POST",
    token: tokens.operate,
    body: '{"why":"before the move"}',
    address: "10.0.0.7",
  });
  const [started, ended, ...more] = audit();
  assert.deepEqual(more, []);
  assert.equal(started?.id, ended?.id);
  const { time: _time, id: _id, ...told } = started ?? {};
  assert.deepEqual(told, {
    phase: "started",
    who: "operator",
    address: "10.0.0.7",
    action: "hold",
    target: `capsule/${backupId}`,
    outcome: null,
  });
  assert.deepEqual([ended?.phase, ended?.outcome], ["ended", "done"]);
});

test("what cannot be put down is not done", async () => {
  const { parts, requested, tokens } = await openHttpScene();
  const audit = {
    record: async () => {
      throw new Failure("http.audit", "Cannot write the audit log: no space left on device");
    },
  };
  const app = createApp({ ...parts, audit });
  const request = new Request("http://127.0.0.1:7420/api/v1/runs", {
    method: "POST",
    headers: { authorization: `Bearer ${tokens.operate}`, "content-type": "application/json" },
    body: '{"job":"capsule"}',
  });
  const response = await app.fetch(request, { address: "127.0.0.1", drop: () => undefined });
  assert.equal(response.status, 503);
  assert.deepEqual(requested, []);
});

test("a run is started through the scheduler; a busy job is 409, an unknown one a mistake, and both are put down", async () => {
  const { call, tokens, requested, audit } = await openHttpScene();
  const run = (job: string) =>
    call("/api/v1/runs", { method: "POST", token: tokens.operate, body: JSON.stringify({ job }) });
  const first = await run("capsule");
  assert.equal(first.status, 202);
  assert.deepEqual(first.json().run, { job: "capsule", runId: "20261123T010000Z-ab12cd" });
  assert.equal((await run("capsule")).status, 409);
  assert.equal((await run("nope")).status, 400);
  assert.deepEqual(requested, ["capsule"]);
  assert.deepEqual(
    audit().map(({ phase, outcome }) => `${phase} ${String(outcome).split(":")[0]}`),
    [
      "started null",
      "ended done",
      "started null",
      "ended run.busy",
      "started null",
      "ended usage.unknown-job",
    ],
  );
});

test("any run of a job of several databases can be cancelled while it goes on; what another process runs cannot", async () => {
  const { call, tokens, cancelled, memory } = await openHttpScene();
  const { catalog } = memory.context;
  const [done] = catalog.runs();
  assert.ok(done);
  const going = { ...done, finishedAt: null, outcome: null };
  const [second, foreign] = ["20261123T010000Z-000002", "20261123T010000Z-00000f"];
  catalog.startRun({ ...going, runId: second });
  catalog.startRun({ ...going, runId: foreign, job: "elsewhere" });
  const cancel = (id: string) => call(`/api/v1/runs/${id}/cancel`, { method: "POST", token: tokens.operate });
  assert.equal((await cancel(second)).status, 202);
  assert.equal((await cancel(foreign)).status, 404);
  assert.equal((await cancel(done.runId)).status, 404, "it has ended");
  assert.deepEqual(cancelled, ["capsule"]);
});

/** An operation that has ended. */
async function untilDone(call: HttpScene["call"], id: string) {
  for (;;) {
    const { operation } = (await call(`/api/v1/operations/${id}`)).json();
    if (operation.state !== "running") return operation;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test("a proof goes on behind the answer, and the backup's document then has it", async () => {
  const { call, tokens, audit, backupId } = await openHttpScene();
  const path = `/api/v1/backups/capsule/${backupId}`;
  const begun = await call(`${path}/prove`, { method: "POST", token: tokens.operate });
  assert.equal(begun.status, 202);
  const operation = await untilDone(call, begun.json().operation.id);
  assert.deepEqual(
    [operation.kind, operation.state, operation.result[0].outcome],
    ["prove", "done", "proven"],
  );
  const { backup } = (await call(path)).json();
  assert.deepEqual([backup.level, backup.proofs.length, backup.proofs[0].outcome], ["proven", 1, "proven"]);
  assert.equal(backup.provenAt, backup.proofs[0].at);
  assert.equal(audit()[0]?.action, "prove");
  assert.equal((await call(`${path}x/prove`, { method: "POST", token: tokens.operate })).status, 404);
  assert.equal((await call(`${path}/prove`, { method: "POST", token: tokens.read })).status, 403);
});

test("a verify goes on behind the answer, tells what it found, and its end is put down", async () => {
  const { call, tokens, audit, backupId } = await openHttpScene();
  const begun = await call(`/api/v1/backups/capsule/${backupId}/verify`, {
    method: "POST",
    token: tokens.operate,
  });
  assert.equal(begun.status, 202);
  const { id } = begun.json().operation;
  const operation = await untilDone(call, id);
  assert.equal(operation.state, "done");
  assert.deepEqual(
    operation.result.map((one: { outcome: string }) => one.outcome),
    ["ok"],
  );
  while (audit().length < 2) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(audit()[1]?.outcome, "done");
});

test("a verify that the server's end cuts short is put down as such before the server has ended", async () => {
  const { call, tokens, audit, app, backupId } = await openHttpScene();
  await call(`/api/v1/backups/capsule/${backupId}/verify`, { method: "POST", token: tokens.operate });
  assert.deepEqual(
    audit().map(({ phase }) => phase),
    ["started"],
  );
  await app.close();
  const [, ended] = audit();
  assert.equal(ended?.phase, "ended");
});

test("prune only says what would go unless it is told otherwise", async () => {
  const { call, tokens, memory, backupId } = await openHttpScene();
  const { status, json } = await call("/api/v1/prune", { method: "POST", token: tokens.admin });
  assert.equal(status, 200);
  assert.ok(json().verdicts.length > 0);
  assert.notEqual(memory.context.catalog.backup("capsule", backupId), null);
});

test("a body that is too large, no JSON, of another type, or has an unknown key is refused and nothing is begun", async () => {
  const { call, tokens, audit, requested } = await openHttpScene();
  const post = { method: "POST", token: tokens.operate };
  const large = JSON.stringify({ job: "capsule", pad: "x".repeat(70_000) });
  assert.equal((await call("/api/v1/runs", { ...post, body: large })).status, 413);
  assert.equal((await call("/api/v1/runs", { ...post, body: "{" })).status, 400);
  assert.equal((await call("/api/v1/runs", { ...post, body: '{"job":"capsule","jbo":1}' })).status, 400);
  const form = { "content-type": "application/x-www-form-urlencoded" };
  assert.equal((await call("/api/v1/runs", { ...post, body: "job=capsule", headers: form })).status, 415);
  assert.deepEqual([requested, audit()], [[], []]);
});

test("a catalog that cannot be read is told as such when a run is to be cancelled, not as a run that is not there", async () => {
  const { parts, tokens } = await openHttpScene();
  const broken = new Failure("catalog.io", "Cannot read catalog: the disk is gone");
  const operations = { ...parts.operations, findRun: () => Promise.reject(broken) };
  const request = new Request("http://127.0.0.1:7420/api/v1/runs/20261123T010000Z-ab12cd/cancel", {
    method: "POST",
    headers: { authorization: `Bearer ${tokens.operate}` },
  });
  const answer = await createApp({ ...parts, operations }).fetch(request, {
    address: "x",
    drop: () => undefined,
  });
  assert.equal(answer.status, 500);
  assert.match(await answer.text(), /"code":"catalog\.io"/);
});
