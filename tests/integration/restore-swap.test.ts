import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { Failure } from "../../src/domain/failure.ts";
import type { PostgresServer } from "../../src/postgres/postgres.ts";
import { type PostgresTestServer, startPostgres } from "../servers/postgres.ts";
import { postgresRoom, sourceOf } from "./postgres-at.ts";

const swap = { database: "live", restored: "live_restoring", keepAs: "live_before" };

let server: PostgresTestServer;
let stop: AbortController;
let connected: PostgresServer;

before(async () => {
  server = await startPostgres();
});

after(() => server.stop());

beforeEach(async () => {
  for (const name of [swap.database, swap.restored]) {
    await server.psql(`CREATE DATABASE ${name}`);
    await server.psql(`CREATE TABLE came_as_${name} ()`, name);
  }
  stop = new AbortController();
  connected = await postgresRoom().connect(sourceOf(server), "postgres", {
    label: "swap",
    signal: stop.signal,
  });
});

afterEach(async () => {
  await connected.close();
  for (const name of Object.values(swap)) await server.psql(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
});

/** Which database now bears which name. */
async function state(): Promise<Readonly<Record<string, string>>> {
  const names = await server.psql("SELECT datname FROM pg_database WHERE datname LIKE 'live%' ORDER BY 1");
  const found: Record<string, string> = {};
  for (const name of names.split("\n").filter((line) => line !== "")) {
    const table = await server.psql("SELECT relname FROM pg_class WHERE relname LIKE 'came_as_%'", name);
    found[name] = table.replace("came_as_", "");
  }
  return found;
}

/** Waits until a query says "t". */
async function until(sql: string): Promise<void> {
  for (let attempt = 0; attempt < 1000; attempt++) {
    if ((await server.psql(sql)) === "t") return;
    await delay(10);
  }
  assert.fail(`never came true: ${sql}`);
}

/** Keeps the second rename waiting, from before the swap until it is released. */
async function holdRestored(): Promise<() => Promise<void>> {
  const sql = `BEGIN; COMMENT ON DATABASE ${swap.restored} IS 'held'; SELECT pg_sleep(60)`;
  const holder = server.psql(sql).catch(() => "");
  const sleeping = "FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
  await until(`SELECT count(*) = 1 ${sleeping}`);
  return async () => {
    await server.psql(`SELECT pg_terminate_backend(pid) ${sleeping}`);
    await holder;
  };
}

const secondRenameWaits =
  "SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'ALTER DATABASE%'";
const endTheSwap =
  "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'ALTER DATABASE%'";
const allNames =
  "SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database WHERE datname LIKE 'live%'";

function interrupt(): void {
  stop.abort(new Failure("run.cancelled", "Cannot finish: it was cancelled"));
}

async function failureOf(doing: Promise<unknown>): Promise<Failure> {
  const failure = await doing.then(
    () => null,
    (error: unknown) => error,
  );
  assert.ok(failure instanceof Failure, String(failure));
  return failure;
}

test("the restored database takes the name, also where sessions use both", async () => {
  const sleepers = [swap.database, swap.restored].map((name) =>
    server.psql("SELECT pg_sleep(60)", name).catch(() => ""),
  );
  await until("SELECT count(*) = 2 FROM pg_stat_activity WHERE wait_event = 'PgSleep'");
  await connected.restore.swap(swap);
  await Promise.all(sleepers);
  assert.deepEqual(await state(), { live: "live_restoring", live_before: "live" });
});

test("an interruption between the two renames does not leave the service without its database", async () => {
  const release = await holdRestored();
  const swapping = connected.restore.swap(swap);
  await until(secondRenameWaits);
  interrupt();
  await release();
  await swapping;
  assert.deepEqual(await state(), { live: "live_restoring", live_before: "live" });
});

test("an interruption before the first rename changes nothing and leaves no copy behind", async () => {
  interrupt();
  const failure = await failureOf(connected.restore.swap(swap));
  assert.equal(failure.code, "run.cancelled");
  assert.equal(failure.hint, null);
  assert.deepEqual(await state(), { live: "live" });
});

test("between the two renames nobody sees another name than before", async () => {
  const release = await holdRestored();
  const swapping = connected.restore.swap(swap);
  await until(secondRenameWaits);
  const seen = await server.psql(allNames);
  await release();
  await swapping;
  assert.equal(seen, "live live_restoring");
});

test("a session that is killed between the two renames leaves the old database under its name", async () => {
  const release = await holdRestored();
  const swapping = failureOf(connected.restore.swap(swap));
  await until(secondRenameWaits);
  await server.psql(endTheSwap);
  await release();
  const failure = await swapping;
  assert.equal(failure.code, "postgres.session-lost");
  assert.deepEqual(await state(), { live: "live" });
});

test("when the second rename fails, the old database is still under its name", async () => {
  await server.psql(`DROP DATABASE ${swap.restored}`);
  const failure = await failureOf(connected.restore.swap(swap));
  assert.equal(failure.code, "postgres.restore-failed");
  assert.match(failure.message, /^Cannot put the restored database in the place of "live":/);
  assert.deepEqual(await state(), { live: "live" });
});

test("when nobody may look afterwards, the first error is told, with all names", async () => {
  const release = await holdRestored();
  const swapping = failureOf(connected.restore.swap(swap));
  await until(secondRenameWaits);
  await server.psql("ALTER DATABASE postgres ALLOW_CONNECTIONS false", "template1");
  await server.psql(endTheSwap, "template1");
  const failure = await swapping;
  await server.psql("ALTER DATABASE postgres ALLOW_CONNECTIONS true", "template1");
  await release();
  assert.equal(failure.code, "postgres.session-lost");
  assert.match(failure.hint ?? "", /"live_restoring".*"live".*"live_before"/);
  assert.deepEqual(await state(), { live: "live", live_restoring: "live_restoring" });
});
