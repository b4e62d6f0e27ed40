import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { Failure } from "../../src/domain/failure.ts";
import type { FailureCode } from "../../src/domain/failure-table.ts";
import type { ContainerSelector, PostgresSource } from "../../src/domain/jobs/source.ts";
import { Secret } from "../../src/domain/secret.ts";
import type { Postgres } from "../../src/postgres/postgres.ts";
import { type PostgresContainer, startPostgresContainer } from "../servers/container.ts";
import { limits, postgresRoom, quiet } from "./postgres-at.ts";

const password = 'it\'s \\ a "$PASS" `w:rd` !&%';
let container: PostgresContainer;
let twin: PostgresContainer;
let room: Postgres;

before(async () => {
  container = await startPostgresContainer("codex_postgres", {
    compose: { project: "codex", service: "db" },
  });
  twin = await startPostgresContainer("codex_postgres_2", {
    beside: container,
    compose: { project: "twins", service: "db" },
  });
  room = postgresRoom({ env: container.env });
});

after(async () => {
  await twin.remove();
  await container.remove();
});

function sourceBy(select: ContainerSelector, other: Partial<PostgresSource> = {}): PostgresSource {
  return {
    transport: { kind: "container", engine: "docker", select },
    host: null,
    port: null,
    user: "codex",
    password: null,
    parameters: {},
    clientDirectory: null,
    ...other,
  };
}

async function dumpOnce(source: PostgresSource): Promise<readonly string[]> {
  const found = await room.connect(source, "codexdb", { label: "in-container", signal: quiet() });
  const snapshot = await found.openSnapshot("codexdb", limits, quiet());
  const dump = await snapshot.startDump("sql");
  const read = await room.readDump(dump.stream, { signal: quiet() });
  await dump.finish();
  assert.equal(read.isComplete, true);
  await snapshot.close();
  await found.close();
  return read.fingerprint.tables.map((table) => `${table.name} ${table.rows}`);
}

async function assertFails(code: FailureCode, source: PostgresSource): Promise<Failure> {
  const failure = await room.connect(source, "codexdb", { label: "t", signal: quiet() }).then(
    () => null,
    (error: unknown) => error,
  );
  assert.ok(failure instanceof Failure, String(failure));
  assert.equal(failure.code, code, failure.message);
  return failure;
}

test("a database inside a container is dumped by the client inside it, by name and by compose labels", async () => {
  await container.psql("CREATE TABLE t AS SELECT generate_series(1, 100000) AS id");
  assert.deepEqual(await dumpOnce(sourceBy({ by: "name", name: "codex_postgres" })), ["t 100000"]);
  assert.deepEqual(await dumpOnce(sourceBy({ by: "compose", project: "codex", service: "db" })), [
    "t 100000",
  ]);
  assert.deepEqual(await dumpOnce(sourceBy({ by: "name", name: container.id.slice(0, 12) })), ["t 100000"]);
});

test("a password reaches the client in the container without standing in an argv", async () => {
  await container.psql(`CREATE ROLE guarded SUPERUSER LOGIN PASSWORD '${password.replaceAll("'", "''")}'`);
  const file = "SELECT current_setting('hba_file')";
  const path = await container.psql(file);
  const rules = "local all guarded scram-sha-256\nlocal all all trust\nhost all all 127.0.0.1/32 trust";
  await container.psql(
    `COPY (SELECT regexp_split_to_table('${rules}', '\\n')) TO '${path}'; SELECT pg_reload_conf()`,
  );
  const select = { by: "name", name: "codex_postgres" } as const;
  await assertFails("postgres.login", sourceBy(select, { user: "guarded", password: new Secret("wrong") }));
  const source = sourceBy(select, { user: "guarded", password: new Secret(password) });
  assert.deepEqual(await dumpOnce(source), ["t 100000"]);
});

test("a program that is not in the container is named", async () => {
  const select = { by: "name", name: "codex_postgres" } as const;
  const failure = await assertFails(
    "postgres.client-missing",
    sourceBy(select, { clientDirectory: "/nope" }),
  );
  assert.match(failure.message, /psql.*codex_postgres/);
});

test("cancelling ends the program inside the container too", async () => {
  const select = { by: "name", name: "codex_postgres" } as const;
  const found = await room.connect(sourceBy(select), "codexdb", { label: "left-over", signal: quiet() });
  const snapshot = await found.openSnapshot("codexdb", limits, quiet());
  const dump = await snapshot.startDump("sql");
  // Nobody reads: pg_dump hangs in its write, its backend in the middle of COPY.
  const inside = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'left-over/dump'";
  for (let attempt = 0; attempt < 300 && (await container.psql(inside)) === "0"; attempt++) await delay(10);
  assert.equal(await container.psql(inside), "1");
  await dump.cancel();
  assert.equal(await container.psql(inside), "0");
  await snapshot.close();
  await found.close();
});

test("no, several, stopped and unreachable containers are told apart, with the command that helps", async () => {
  const missing = await assertFails("postgres.container-missing", sourceBy({ by: "name", name: "codex" }));
  assert.match(missing.message, /"codex_postgres"/);
  const third = await startPostgresContainer("other_db", {
    beside: container,
    compose: { project: "codex", service: "db" },
  });
  const several = { by: "compose", project: "codex", service: "db" } as const;
  const ambiguous = await assertFails("postgres.container-ambiguous", sourceBy(several));
  assert.match(ambiguous.message, /"codex_postgres".*"other_db"|"other_db".*"codex_postgres"/);
  await third.remove();
  await container.kill();
  const stopped = await assertFails(
    "postgres.container-stopped",
    sourceBy({ by: "name", name: "codex_postgres" }),
  );
  assert.match(stopped.hint ?? "", /docker start codex_postgres$/);
  const nowhere = postgresRoom({ env: { ...container.env, PATH: "/nowhere" } });
  const engine = await nowhere
    .connect(sourceBy(several), "codexdb", { label: "t", signal: quiet() })
    .catch((error: unknown) => error);
  assert.ok(engine instanceof Failure && engine.code === "postgres.container-engine");
});
