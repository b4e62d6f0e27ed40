import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { isRestoringName, restoringName } from "../../src/domain/backups/restoring-name.ts";
import type { Context } from "../../src/operations/context.ts";
import { createOperations } from "../../src/operations/create-operations.ts";
import type { Operations, RestoreRequest } from "../../src/operations/operation.ts";
import { createRealContext, localSource, postgresJob } from "../fakes/real-context.ts";
import { temporaryDirectory } from "../servers/cleanup.ts";
import { type PostgresTestServer, startPostgres } from "../servers/postgres.ts";
import { runProgram } from "../servers/run-program.ts";
import type { RestoreSettings } from "./restore-child.ts";

const script = fileURLToPath(new URL("./restore-child.ts", import.meta.url));
const home = temporaryDirectory("restore-kill");
const dump = join(home, "ledger.sql");
/** Multibyte, and so long that the name it is restored under must be cut. */
const longName = `${"ü".repeat(30)}_x`;

let server: PostgresTestServer;
let context: Context;
let operations: Operations;

before(async () => {
  server = await startPostgres();
  await server.createDatabase("ledger");
  await server.psql("CREATE TABLE entry AS SELECT n FROM generate_series(1, 50000) n", "ledger");
  const text = await runProgram(["pg_dump", "ledger"], { env: server.env });
  writeFileSync(dump, text);
  const jobs = [postgresJob(localSource(server))];
  context = createRealContext({ home, jobs, destinations: ["backups"] });
  operations = createOperations(context);
});

after(async () => {
  context.catalog.close();
  await server.stop();
});

async function killRestore(to: string, overwrite: string | null): Promise<void> {
  const settings: RestoreSettings = { home, source: localSource(server), dump, to, overwrite };
  const argv = ["--disable-warning=ExperimentalWarning", script, JSON.stringify(settings)];
  const child = spawn(process.execPath, argv, { stdio: "inherit" });
  const [, signal] = await once(child, "close");
  assert.equal(signal, "SIGKILL");
  const used = "SELECT count(*) FROM pg_stat_activity WHERE datname LIKE '%restoring%'";
  for (let attempt = 0; attempt < 1000; attempt++) {
    if ((await server.psql(used)) === "0") return;
    await delay(10);
  }
  assert.fail("the sessions of a killed restore stay");
}

async function databases(): Promise<readonly string[]> {
  const names = await server.psql("SELECT datname FROM pg_database WHERE oid > 16383 ORDER BY oid");
  return names.split("\n").filter((name) => name !== "");
}

function request(to: string, dryRun: boolean): RestoreRequest {
  const plain = { overwrite: null, only: [], roles: "missing", withoutOwners: false, job: null } as const;
  return { ...plain, backup: dump, to, dryRun, signal: new AbortController().signal };
}

for (const to of ["wanted", longName]) {
  test(`a restore that is killed leaves nothing called "${to}", and the next one tells of what it left`, async () => {
    const earlier = await databases();
    await killRestore(to, null);
    const [left = "", ...more] = (await databases()).filter((name) => !earlier.includes(name));
    assert.deepEqual(more, []);
    assert.ok(isRestoringName(left, to) && left !== to, left);
    const dry = await operations.restore(request(to, true));
    assert.ok(dry.kind === "database");
    const hints = dry.findings.filter(({ severity }) => severity === "warning").map(({ hint }) => hint);
    assert.equal(hints.filter((hint) => hint?.includes(`DROP DATABASE "${left}";`)).length, 1);
    await operations.restore(request(to, false));
    assert.equal(await server.psql("SELECT count(*) FROM entry", to), "50000");
    assert.deepEqual((await databases()).filter((name) => !earlier.includes(name)).sort(), [left, to].sort());
  });
}

test("a replaced database that was being restored when it was killed is as it was", async () => {
  await server.createDatabase("live");
  await server.psql("CREATE TABLE precious ()", "live");
  await killRestore("live", "live");
  assert.equal(await server.psql("SELECT count(*) FROM precious", "live"), "0");
});

test("a database that is in use while it is restored, or another's, is told of by no one", async () => {
  for (const name of [restoringName("used", "abc123"), "used_restoring_notoken", "used_too_restoring_abc123"])
    await server.createDatabase(name);
  const user = server.psql("SELECT pg_sleep(60)", restoringName("used", "abc123")).catch(() => "");
  const sleeping = "FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
  while ((await server.psql(`SELECT count(*) ${sleeping}`)) === "0") await delay(10);
  const dry = await operations.restore(request("used", true));
  assert.ok(dry.kind === "database");
  assert.deepEqual(
    dry.findings.filter(({ message }) => message.includes("_restoring_")),
    [],
  );
  await server.psql(`SELECT pg_terminate_backend(pid) ${sleeping}`);
  await user;
});

test("a name that is taken while the restore runs is left to its owner, and the restored one is dropped", async () => {
  const earlier = await databases();
  let made: Promise<unknown> | null = null;
  const meanwhile = createOperations({
    ...context,
    onProgress: ({ step }) => {
      if (step === "restore") made ??= server.createDatabase("raced");
    },
  });
  await assert.rejects(meanwhile.restore(request("raced", false)), { code: "postgres.restore-failed" });
  await made;
  assert.deepEqual(
    (await databases()).filter((name) => !earlier.includes(name)),
    ["raced"],
  );
});

test("what a newer pg_dump wrote of this server is restored into it", async () => {
  await server.psql("CREATE ROLE later_reader");
  const later = fileURLToPath(new URL("../fixtures/later-dumps/from-15-by-18.sql", import.meta.url));
  await operations.restore({ ...request("later", false), backup: later });
  assert.equal(await server.psql("SELECT count(*) FROM audit.event", "later"), "2");
});
