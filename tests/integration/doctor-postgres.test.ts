import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { PostgresJob } from "../../src/domain/jobs/job.ts";
import { examine } from "../../src/operations/doctor/doctor.ts";
import type { DoctorReport } from "../../src/operations/operation.ts";
import { openDoctorHome, withContext } from "../fakes/doctor-scene.ts";
import { capsuleJob, localSource, postgresJob } from "../fakes/real-context.ts";
import { type PostgresTestServer, startPostgres } from "../servers/postgres.ts";

let server: PostgresTestServer;

before(async () => {
  server = await startPostgres();
  await server.createDatabase("codexdb");
  await server.psql(
    `CREATE ROLE reader LOGIN; CREATE SEQUENCE s; CREATE TABLE t (id int);
     CREATE TABLE hidden (id int); ALTER TABLE hidden ENABLE ROW LEVEL SECURITY`,
    "codexdb",
  );
});

after(() => server.stop());

const source = (user = server.user) => ({ ...localSource(server), user });

async function look(given: Partial<PostgresJob> = {}): Promise<DoctorReport> {
  const { scene } = await openDoctorHome({
    jobs: (home) => [
      postgresJob(source(), { schedule: "0 2 * * *", ...given }),
      capsuleJob(`${home}/tree`, { to: ["backups"], schedule: "0 2 * * *" }),
    ],
  });
  return examine(scene, { fix: false, run: null, signal: new AbortController().signal });
}

function found({ findings }: DoctorReport, code: string) {
  const one = findings.find((finding) => finding.code === code);
  assert.ok(one, `said: ${findings.map((finding) => finding.code).join(", ")}`);
  return one;
}

test("a healthy machine with a real server ends with 0, without a blocker, within five seconds", async () => {
  const startedMs = performance.now();
  const report = await look();
  const tookMs = performance.now() - startedMs;
  assert.equal(report.exit, 0);
  assert.deepEqual(
    report.findings.filter(({ severity }) => severity === "blocker"),
    [],
  );
  assert.match(found(report, "postgres.ok").message, /^server \d+\.\d+.*, pg_dump \d+\.\d+/);
  assert.match(found(report, "space.ok").message, /tonight needs about/);
  assert.ok(tookMs < 5000, `${Math.round(tookMs)} ms`);
});

test("a role without rights is told, with the statement that grants them; sequences count", async () => {
  await server.psql("GRANT SELECT ON t, hidden TO reader", "codexdb");
  const report = await look({ source: source("reader") });
  const denied = found(report, "postgres.permission");
  assert.match(denied.message, /sequence public\.s/);
  assert.match(
    denied.commands.join(),
    /^psql -h \S+ -p \d+ -d codexdb -c 'GRANT (pg_read_all_data|SELECT ON SEQUENCE)/,
  );
  assert.equal(report.exit, 1);
  assert.ok(!report.findings.some(({ code }) => code === "postgres.ok"));
});

test("in a container the statement is for a role that may grant it", async () => {
  const transport = {
    kind: "container",
    engine: "docker",
    select: { by: "name", name: "codex_postgres" },
  } as const;
  const inside = { ...source("reader"), transport, host: null, port: null };
  const { scene } = await openDoctorHome({ jobs: () => [postgresJob(inside, { schedule: "0 2 * * *" })] });
  const { postgres } = scene.context;
  const direct: typeof postgres.connect = (_, ...rest) => postgres.connect(source("reader"), ...rest);
  const seen = withContext(scene, { postgres: { ...postgres, connect: direct } });
  const report = await examine(seen, { fix: false, run: null, signal: new AbortController().signal });
  const [command = ""] = found(report, "postgres.permission").commands;
  assert.ok(
    command.startsWith(`docker exec -i codex_postgres psql -U ${server.user} -d codexdb -c 'GRANT `),
    command,
  );
});

test("row security that would hide rows is told", async () => {
  await server.psql(
    "GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader; GRANT SELECT ON SEQUENCE s TO reader",
    "codexdb",
  );
  const report = await look({ source: source("reader") });
  assert.match(found(report, "postgres.row-security").commands.join(), /ALTER ROLE "reader" BYPASSRLS/);
  assert.equal(report.exit, 1);
  await server.psql("ALTER ROLE reader BYPASSRLS");
  assert.equal((await look({ source: source("reader") })).exit, 0);
});

test("a library that is gone is a warning for a function, and a blocker for the values of a column", async () => {
  await server.createDatabase("upgraded");
  // The server checks a library when a function is made, so it is lost afterwards.
  const lose = (name: string) =>
    `UPDATE pg_proc SET probin = '$libdir/postgis-2.1',
      prolang = (SELECT oid FROM pg_language WHERE lanname = 'c') WHERE proname = '${name}'`;
  await server.psql(
    `CREATE FUNCTION f() RETURNS int AS 'int4pl' LANGUAGE internal; ${lose("f")}`,
    "upgraded",
  );
  const databases = { kind: "named", names: ["upgraded"] } as const;
  const report = await look({ databases });
  assert.match(found(report, "postgres.function-library-missing").message, /postgis-2\.1/);
  assert.equal(report.exit, 0);
  await server.psql(
    `CREATE TYPE geo; CREATE FUNCTION geo_in(cstring) RETURNS geo AS 'textin' LANGUAGE internal STRICT IMMUTABLE;
     CREATE FUNCTION geo_out(geo) RETURNS cstring AS 'textout' LANGUAGE internal STRICT IMMUTABLE;
     CREATE TYPE geo (input = geo_in, output = geo_out); CREATE TABLE places (at geo); ${lose("geo_out")}`,
    "upgraded",
  );
  const worse = await look({ databases });
  found(worse, "postgres.library-missing");
  assert.equal(worse.exit, 1);
});

test("a database that no job covers is told, until a job leaves it out on purpose", async () => {
  await server.createDatabase("forgotten");
  assert.match(found(await look(), "postgres.uncovered").message, /"forgotten"/);
  const all = { kind: "all", except: ["forgotten", "upgraded"] } as const;
  const report = await look({ databases: all });
  assert.ok(!report.findings.some(({ code }) => code === "postgres.uncovered"));
});

test("a wrong database, a wrong role and a dead server are told apart", async () => {
  found(await look({ databases: { kind: "named", names: ["codexbd"] } }), "postgres.database-missing");
  found(await look({ source: source("nobody_here") }), "postgres.login");
  found(await look({ source: { ...source(), port: 1 } }), "postgres.unreachable");
  found(await look({ source: { ...source(), clientDirectory: "/nowhere" } }), "postgres.client-missing");
  found(
    await look({ databases: { kind: "all", except: ["codexdb", "forgotten", "upgraded", "postgres"] } }),
    "postgres.no-databases",
  );
});

test("a statement_timeout of the role is told, and stops nothing", async () => {
  await server.psql("ALTER ROLE reader SET statement_timeout = '30s'");
  const report = await look({ source: source("reader") });
  assert.match(found(report, "postgres.timeout").message, /statement_timeout = 30s/);
  assert.equal(report.exit, 0);
});
