import assert from "node:assert/strict";
import { test } from "node:test";
import { type HttpScene, openHttpScene } from "../../tests/fakes/http-scene.ts";
import type { RunEvent } from "../domain/runs/run-event.ts";
import type { RunReport } from "../domain/runs/run-report.ts";

const runId = "20261123T010000Z-ab12cd";

function progress(doneBytes: number): RunEvent {
  const told = { subject: "capsule", step: "capsule", doneBytes, totalBytes: null, current: null } as const;
  return { kind: "progress", job: "capsule", runId, progress: told };
}

async function openStream(path = "/api/v1/events", given: HttpScene | null = null) {
  const scene = given ?? (await openHttpScene());
  let dropped = 0;
  const drop = () => {
    dropped += 1;
  };
  const request = new Request(`http://127.0.0.1:7420${path}`, {
    headers: { authorization: `Bearer ${scene.tokens.read}` },
  });
  const response = await scene.app.fetch(request, { address: "x", drop });
  assert.equal(response.headers.get("content-type"), "text/event-stream");
  const reader = response.body?.getReader();
  assert.ok(reader);
  const next = async () => {
    const { done, value } = await reader.read();
    return done ? null : new TextDecoder().decode(value);
  };
  return { scene, next, cancel: () => reader.cancel(), dropped: () => dropped };
}

test("events are told as they happen, progress at most four times a second, and nothing is heard after the client has gone", async () => {
  const { scene, next, cancel } = await openStream();
  assert.equal(await next(), ": codex-backup\n\n");
  scene.emit({ kind: "started", job: "capsule", runId, slot: null });
  assert.match((await next()) ?? "", /^id: 1\nevent: started\ndata: \{.*"slot":null\}\n\n$/);
  for (let byte = 0; byte < 1000; byte++) scene.emit(progress(byte));
  await scene.clock.pass(250);
  scene.emit(progress(1000));
  assert.match((await next()) ?? "", /"doneBytes":0,/);
  assert.match((await next()) ?? "", /"doneBytes":1000,/);
  assert.equal(scene.listeners(), 1);
  await cancel();
  assert.equal(scene.listeners(), 0);
});

test("a client that does not read is cut off instead of being remembered for", async () => {
  const { scene, dropped } = await openStream();
  for (let index = 0; index < 200; index++) {
    await scene.clock.pass(250);
    scene.emit(progress(index));
  }
  assert.equal(dropped(), 1);
  assert.equal(scene.listeners(), 0);
});

test("a silent stream beats every 15 seconds, and ends when its token is revoked", async () => {
  const { scene, next } = await openStream();
  await next();
  await scene.clock.pass(15_000);
  assert.equal(await next(), ": still here\n\n");
  const { writeFileSync } = await import("node:fs");
  writeFileSync(scene.tokenPath, "");
  // Reading the file takes real time, so that one beat may still see the old one.
  for (let told: string | null = ""; told !== null; told = await next()) await scene.clock.pass(15_000);
  assert.equal(scene.listeners(), 0);
});

test("there are at most 32 streams, an ended one makes room, and closing the server ends all", async () => {
  const scene = await openHttpScene();
  const open = () =>
    scene.app.fetch(
      new Request("http://127.0.0.1:7420/api/v1/events", {
        headers: { authorization: `Bearer ${scene.tokens.read}` },
      }),
      { address: "x", drop: () => undefined },
    );
  const all = await Promise.all(Array.from({ length: 33 }, open));
  assert.deepEqual(
    all.map(({ status }) => status).filter((status) => status !== 200),
    [429],
  );
  await all[0]?.body?.cancel();
  const again = await open();
  assert.equal(again.status, 200);
  scene.app.close();
  assert.equal(scene.listeners(), 0);
  assert.match(await again.text(), /^: codex-backup/);
});

test("asking for the head of a stream leaves nothing open", async () => {
  const { call, listeners } = await openHttpScene();
  assert.equal((await call("/api/v1/events", { method: "HEAD" })).status, 200);
  assert.equal(listeners(), 0);
});

/** A scene whose catalog has one more run, of this job, that goes on. */
async function openWithRun(job: string, id: string) {
  const scene = await openHttpScene();
  const { catalog } = scene.memory.context;
  const [done] = catalog.runs();
  assert.ok(done);
  const going = { ...done, runId: id, job, finishedAt: null, outcome: null };
  catalog.startRun(going);
  return { scene, done, going };
}

test("the stream of a run that another process makes ends a beat after the run", async () => {
  const id = "20261123T010000Z-00000f";
  const { scene, done, going } = await openWithRun("elsewhere", id);
  const { next } = await openStream(`/api/v1/runs/${id}/events`, scene);
  assert.equal(await next(), ": codex-backup\n\n");
  await scene.clock.pass(15_000);
  assert.equal(await next(), ": still here\n\n");
  assert.equal(scene.listeners(), 1, "it goes on");
  scene.memory.context.catalog.updateRun({
    ...going,
    finishedAt: done.startedAt,
    outcome: "complete",
  });
  // Reading the tokens takes real time, so that some beats may come before the look is over.
  for (let told: string | null = ""; told !== null; told = await next()) await scene.clock.pass(15_000);
  assert.equal(scene.listeners(), 0);
});

test("the stream of a job's second database ends with the job, whose end reports of both", async () => {
  const id = "20261123T010000Z-000002";
  const { scene, done } = await openWithRun("capsule", id);
  const { next } = await openStream(`/api/v1/runs/${id}/events`, scene);
  await next();
  const { failure, warnings, summary, database, job } = done;
  const report: RunReport = {
    runId: id,
    job,
    database,
    slot: null,
    outcome: "complete",
    level: "read",
    startedAt: "2026-11-23T01:00:00.000Z",
    durationMs: 1,
    windowMs: null,
    backup: null,
    copies: [],
    pruned: null,
    warnings,
    failure,
    summary,
    exit: 0,
  };
  scene.emit({ kind: "ended", job, runId, reports: [{ ...report, runId }, report] });
  assert.match((await next()) ?? "", /event: ended/);
  assert.equal(await next(), null);
  assert.equal(scene.listeners(), 0);
});
