import assert from "node:assert/strict";
import { test } from "node:test";
import { canary, openHttpScene } from "../../tests/fakes/http-scene.ts";
import { parseCron } from "../domain/slots/schedule.ts";
import { allRoutes, createApp } from "./create-app.ts";
import { createRouteParts } from "./route-parts.ts";
import { errorBody } from "./schema.ts";

test("every look answers with exactly the document that the description promises", async () => {
  const { call, parts, backupId, memory } = await openHttpScene();
  const [run] = memory.context.catalog.runs();
  const values: Readonly<Record<string, string>> = { job: "capsule", id: backupId };
  const looks = allRoutes(createRouteParts(parts)).filter(
    ({ method, path }) => method === "get" && !path.includes("events") && !path.includes("operations"),
  );
  assert.ok(looks.length >= 13);
  for (const { path, answers } of looks) {
    const ofRun: Readonly<Record<string, string>> = path.includes("/runs/") ? { id: run?.runId ?? "" } : {};
    const filled = path.replaceAll(
      /\{(\w+)\}/g,
      (_all, name) => ({ ...values, ...ofRun })[String(name)] ?? "",
    );
    const { status, text, headers } = await call(filled);
    const promised = answers[status];
    assert.ok(promised?.schema, `${filled}: ${status} ${text.slice(0, 200)}`);
    const value = headers.get("content-type") === "application/json" ? JSON.parse(text) : text;
    assert.doesNotThrow(() => promised.schema?.parse(value), filled);
    assert.equal(headers.get("x-content-type-options"), "nosniff");
    assert.equal(headers.get("cache-control"), "no-store");
  }
});

test("the description holds every route, with the scope that it needs", async () => {
  const { call, parts } = await openHttpScene();
  const { json } = await call("/api/v1/openapi.json");
  const { openapi, paths } = json();
  assert.equal(openapi, "3.1.0");
  for (const { method, path, access } of allRoutes(createRouteParts(parts))) {
    const scope = access === "metrics" ? "read" : access;
    assert.deepEqual(
      paths[path]?.[method]?.security,
      scope === null ? undefined : [{ token: [scope] }],
      path,
    );
  }
});

test("lists go on page by page, without a gap or a repetition, also where backups are as old as each other", async () => {
  const { call, memory } = await openHttpScene();
  const { catalog } = memory.context;
  const [first] = catalog.backups();
  const manifest = memory.context.catalog.manifestText("capsule", first?.id ?? "");
  const parsed = JSON.parse(manifest ?? "{}");
  for (const id of ["b", "a", "c"]) catalog.putBackup({ ...parsed, id }, "{}", "0");
  const all = (await call("/api/v1/backups")).json().backups.map(({ id }: { id: string }) => id);
  assert.equal(all.length, 4);
  const paged: string[] = [];
  for (let next: string | null = ""; next !== null; ) {
    const { json } = await call(
      `/api/v1/backups?limit=1${next === "" ? "" : `&after=${encodeURIComponent(next)}`}`,
    );
    paged.push(...json().backups.map(({ id }: { id: string }) => id));
    next = json().next;
  }
  assert.deepEqual(paged, all);
  assert.equal((await call("/api/v1/backups?after=capsule/gone")).status, 404);
});

test("status is 503 while a destination cannot be used, and readyz says which; healthz does not care", async () => {
  const { call, memory, clock } = await openHttpScene();
  assert.equal((await call("/status")).status, 200);
  const store = memory.stores.get("replays");
  assert.ok(store);
  store.id = null;
  await clock.pass(3000);
  assert.equal((await call("/status")).status, 503);
  const ready = await call("/readyz");
  assert.equal(ready.status, 503);
  assert.equal(ready.json().reasons.length, 1);
  assert.equal((await call("/healthz")).status, 200);
});

test("readyz fails when the scheduler does, and when the catalog cannot be read", async () => {
  const { parts, tokens } = await openHttpScene();
  const ask = async (change: Partial<typeof parts>) => {
    const request = new Request("http://127.0.0.1:7420/readyz", {
      headers: { authorization: `Bearer ${tokens.read}` },
    });
    const response = await createApp({ ...parts, ...change }).fetch(request, {
      address: "x",
      drop: () => undefined,
    });
    return { status: response.status, text: await response.text() };
  };
  assert.equal((await ask({})).status, 200);
  const stopped = await ask({ schedulerTrouble: () => "it has not looked at the slots for 5 min" });
  assert.equal(stopped.status, 503);
  assert.match(stopped.text, /5 min/);
  const broken = {
    ...parts.operations,
    status: async () => Promise.reject(new Error("catalog.db: malformed")),
  };
  assert.equal((await ask({ operations: broken })).status, 503);
});

test("a thousand who ask at once have the disks looked at once", async () => {
  const scene = await openHttpScene();
  let looks = 0;
  const operations = {
    ...scene.parts.operations,
    status: () => {
      looks += 1;
      return scene.parts.operations.status();
    },
  };
  const app = createApp({ ...scene.parts, operations });
  const ask = () =>
    app.fetch(
      new Request("http://127.0.0.1:7420/status", {
        headers: { authorization: `Bearer ${scene.tokens.read}` },
      }),
      {
        address: "x",
        drop: () => undefined,
      },
    );
  const answers = await Promise.all(Array.from({ length: 1000 }, ask));
  assert.ok(answers.every(({ status }) => status === 200));
  assert.equal(looks, 1);
  await scene.clock.pass(999);
  await ask();
  assert.equal(looks, 1);
  await scene.clock.pass(2);
  await ask();
  assert.equal(looks, 2);
});

test("what nobody foresaw is 500 without a word of it, and no answer holds a secret", async () => {
  const scene = await openHttpScene();
  const operations = {
    ...scene.parts.operations,
    listRuns: () => Promise.reject(new Error(`connection to postgres://codex:${canary}@db failed`)),
    list: () => Promise.resolve([{ reason: `password ${canary} was refused` } as never]), // the redactor must not rely on the shape
  };
  const app = createApp({ ...scene.parts, operations });
  const ask = async (path: string) => {
    const request = new Request(`http://127.0.0.1:7420${path}`, {
      headers: { authorization: `Bearer ${scene.tokens.read}` },
    });
    const response = await app.fetch(request, { address: "x", drop: () => undefined });
    return { status: response.status, text: await response.text() };
  };
  const broken = await ask("/api/v1/runs");
  assert.equal(broken.status, 500);
  assert.doesNotThrow(() => errorBody.parse(JSON.parse(broken.text)));
  assert.ok(!broken.text.includes(canary) && !broken.text.includes("postgres:"));
  const listed = await ask("/api/v1/backups");
  assert.ok(listed.text.includes("[secret]") && !listed.text.includes(canary));
});

test("the schedule is told by what starts the job: the times of an installed unit, not those of the config", async () => {
  const { parts, tokens } = await openHttpScene();
  const edited = { ...parts, scheduleOf: () => parseCron("15 4 * * *", "UTC") };
  const request = new Request("http://127.0.0.1:7420/api/v1/schedule", {
    headers: { authorization: `Bearer ${tokens.read}` },
  });
  const answer = await createApp(edited).fetch(request, { address: "x", drop: () => undefined });
  assert.match(await answer.text(), /"schedule":"At 04:15 \(UTC\)"/);
});
