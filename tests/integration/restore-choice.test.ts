import assert from "node:assert/strict";
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { parseManifest } from "../../src/domain/backups/manifest-text.ts";
import type { DatabaseRestored } from "../../src/domain/backups/restore-report.ts";
import type { Failure } from "../../src/domain/failure.ts";
import type { Context } from "../../src/operations/context.ts";
import { createOperations } from "../../src/operations/create-operations.ts";
import type { Operations, RestoreRequest } from "../../src/operations/operation.ts";
import { createRealContext, localSource, postgresJob } from "../fakes/real-context.ts";
import { temporaryDirectory } from "../servers/cleanup.ts";
import { type PostgresTestServer, startPostgres } from "../servers/postgres.ts";

const signal = new AbortController().signal;
const home = temporaryDirectory("restore-choice");
let server: PostgresTestServer;
let context: Context;
let operations: Operations;

const shop = `
CREATE ROLE shop_owner;
CREATE ROLE "shop reader";
CREATE SCHEMA "has.dot";
CREATE TYPE public.mood AS ENUM ('sad', 'happy');
CREATE FUNCTION public.slow(integer) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_sleep(current_setting('shop.sleep', true)::float); RETURN true; END $$;
CREATE TABLE public.customers (id serial PRIMARY KEY, feels public.mood, note text);
CREATE TABLE public.orders (id integer PRIMARY KEY, customer integer REFERENCES public.customers);
CREATE TABLE public.slowly (id integer CHECK (public.slow(id)));
CREATE TABLE "has.dot"."quo""ted" (a text);
CREATE TABLE public.parent (a integer);
CREATE TABLE public.child (b integer) INHERITS (public.parent);
ALTER TABLE public.parent ADD COLUMN c integer;
INSERT INTO public.customers (feels, note) SELECT 'happy', 'OWNER TO shop_owner ' || n FROM generate_series(1, 100) n;
INSERT INTO public.orders SELECT n, n FROM generate_series(1, 50) n;
INSERT INTO public.slowly VALUES (1);
INSERT INTO "has.dot"."quo""ted" VALUES ('x');
INSERT INTO public.child VALUES (1, 2, 3);
CREATE VIEW public.buyers AS SELECT customer FROM public.orders;
CREATE MATERIALIZED VIEW public.busiest AS SELECT max(customer) AS customer FROM public.buyers;
CREATE POLICY own ON public.customers AS RESTRICTIVE FOR SELECT TO CURRENT_USER, "shop reader" USING (note <> 'TO nobody');
COMMENT ON POLICY own ON public.customers IS 'only theirs';
CREATE POLICY everybody ON public.customers USING (true);
ALTER ROLE shop_owner IN DATABASE shop SET work_mem = '7MB';
ALTER ROLE CURRENT_USER IN DATABASE shop SET shop.note = 'kept';
ALTER TABLE public.customers OWNER TO shop_owner;
GRANT SELECT ON public.customers TO "shop reader";
`;

before(async () => {
  server = await startPostgres();
  await server.createDatabase("shop");
  await server.psql(shop, "shop");
  const kinds = [
    ["plain", "sql", "zstd"],
    ["archive", "custom", "none"],
    ["packed", "custom", "zstd"],
  ] as const;
  const jobs = kinds.map(([name, format, compress]) =>
    postgresJob(localSource(server), {
      ...{ name, format, compress },
      nameTemplate: "{job}_{date}",
      databases: { kind: "named", names: ["shop"] },
    }),
  );
  context = createRealContext({ home, jobs, destinations: ["backups"] });
  operations = createOperations(context);
  await operations.initialiseDestinations([]);
  const names = jobs.map(({ name }) => name);
  const reports = await operations.run({ jobs: names, all: false, waitMs: 0, slot: null, signal });
  for (const { failure } of reports) assert.equal(failure, null);
});

after(async () => {
  context.catalog.close();
  await server.stop();
});

async function restore(
  job: string,
  to: string,
  other: Partial<RestoreRequest> = {},
): Promise<DatabaseRestored> {
  const [backup] = context.catalog.backups({ job });
  const fixed = { overwrite: null, only: [], roles: "missing", job: null, dryRun: false, signal } as const;
  const asked = { ...fixed, backup: `${job}/${backup?.id}`, to, withoutOwners: false, ...other };
  const report = await operations.restore(asked);
  assert.ok(report.kind === "database");
  return report;
}

async function assertGone(name: string): Promise<void> {
  const left = await server.psql("SELECT datname FROM pg_database ORDER BY 1");
  assert.doesNotMatch(left, new RegExp(name), left);
}

for (const job of ["plain", "packed"]) {
  test(`from a ${job} backup, one table comes back with its rows, and with nothing that was not asked for`, async () => {
    const to = `one_${job}`;
    const report = await restore(job, to, { tables: ["customers"] });
    assert.deepEqual(report.check, { kind: "rows", tables: 1, rows: 100, reason: null });
    assert.deepEqual(
      report.tables?.map(({ name }) => name),
      ["customers", "customers_id_seq"],
    );
    assert.equal(
      await server.psql("SELECT count(*), max(note) FROM customers WHERE feels = 'happy'", to),
      "100|OWNER TO shop_owner 99",
    );
    assert.equal(await server.psql("INSERT INTO customers DEFAULT VALUES RETURNING id", to), "101");
    const relations =
      "SELECT string_agg(relname, ' ' ORDER BY 1) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'";
    assert.equal(await server.psql(relations, to), "customers");
    assert.equal(
      await server.psql("SELECT tableowner FROM pg_tables WHERE tablename = 'customers'", to),
      "shop_owner",
    );
  });
}

test("a foreign key to a table that is not restored is told beforehand, and the rows come back without it", async () => {
  const report = await restore("plain", "orders_only", { tables: ["public.orders"] });
  const said = report.findings.map(({ message }) => message).join("\n");
  assert.match(said, /foreign key "orders_customer_fkey" of public\.orders is left out/);
  assert.equal(await server.psql("SELECT count(*) FROM orders", "orders_only"), "50");
});

test("a materialized view is restored with the rows that it is computed from, or not at all; a view is told to be empty", async () => {
  await assert.rejects(restore("plain", "never", { tables: ["busiest"] }), {
    code: "postgres.restore-refused",
    message:
      /materialized view public\.busiest would come back empty: its rows are computed from public\.orders, whose/,
    hint: "Restore them too: --table 'public.orders'",
  });
  await assertGone("never");
  await restore("archive", "busy_one", { tables: ["busiest", "public.orders"] });
  assert.equal(await server.psql("SELECT customer FROM busiest", "busy_one"), "50");
  const { findings } = await restore("plain", "never", { tables: ["buyers"], dryRun: true });
  const said = findings.map(({ severity, message }) => `${severity}: ${message}`).join("\n");
  assert.match(said, /^warning: view public\.buyers will show no rows: it reads public\.orders/m);
});

test("a schema and a table with dots and quotes in their names are found", async () => {
  await restore("plain", "dotted", { schemas: ["has.dot"] });
  assert.equal(await server.psql(`SELECT a FROM "has.dot"."quo""ted"`, "dotted"), "x");
  await restore("archive", "dotted2", { tables: ['has.dot.quo"ted'] });
  assert.equal(await server.psql(`SELECT a FROM "has.dot"."quo""ted"`, "dotted2"), "x");
});

test("a table that is not in the dump is named with the nearest ones before anything is made", async () => {
  await assert.rejects(restore("plain", "never", { tables: ["public.costumers"] }), {
    code: "usage.invalid-value",
    message: 'Cannot restore table "public.costumers": it is not in the dump',
    hint: /public\.customers/,
  });
  await assertGone("never");
});

test("single tables never replace a database", async () => {
  const asked = { tables: ["customers"], overwrite: "shop" };
  await assert.rejects(restore("plain", "shop", asked), { code: "usage.refused" });
  assert.equal(await server.psql("SELECT count(*) FROM orders", "shop"), "50");
});

test("a restore in full is dumped back and compared, also tables whose columns come in another order", async () => {
  const { check } = await restore("plain", "compared", { check: "full" });
  assert.deepEqual(check, { kind: "full", tables: 6, rows: 153, reason: null });
  const part = await restore("plain", "compared_part", { tables: ["public.child", "parent"], check: "full" });
  assert.deepEqual([part.check.kind, part.check.tables], ["full", 2]);
});

for (const check of ["rows", "full"] as const) {
  test(`what differs from what was recorded is found (${check}), and never gets the name`, async () => {
    const [backup] = context.catalog.backups({ job: "packed" });
    // Carried away, so that nothing but the content denies what its manifest says.
    const stick = join(home, `stick-${check}`);
    cpSync(join(home, "backups"), stick, { recursive: true });
    rmSync(join(stick, `${backup?.id}.sha256`));
    const path = join(stick, `${backup?.id}.manifest.json`);
    const manifest = readFileSync(path, "utf8");
    const other = manifest.replace('"rows": 50,', '"rows": 51,').replace(/("startedAt": ")\d+/, "$12001");
    assert.notEqual(other, manifest);
    writeFileSync(path, other);
    const dump = parseManifest(Buffer.from(manifest), path).files.find(({ role }) => role === "dump");
    const asked = { backup: join(stick, dump?.path ?? ""), job: "packed", check };
    await assert.rejects(restore("packed", "never", asked), {
      code: "proof.mismatch",
      message: /public\.orders/,
    });
    await assertGone("never");
  });
}

test("rows that the restoring role may not see are not taken for lost", async () => {
  await server.psql("CREATE ROLE plain_person LOGIN CREATEDB");
  await server.createDatabase("guarded");
  await server.psql(
    `CREATE TABLE t AS SELECT 1 AS a; ALTER TABLE t OWNER TO plain_person;
    ALTER TABLE t ENABLE ROW LEVEL SECURITY; ALTER TABLE t FORCE ROW LEVEL SECURITY;`,
    "guarded",
  );
  const connected = await context.postgres.connect(
    { ...localSource(server), user: "plain_person" },
    "postgres",
    { label: "codex-backup-count", signal },
  );
  const tables = ["t", "u"].map((name) => ({ schema: "public", name }));
  assert.deepEqual(await connected.restore.countRows("guarded", tables), ["hidden", "missing"]);
  await connected.close();
});

for (const job of ["archive", "packed"]) {
  test(`several workers restore a ${job} backup, and leave no copy behind`, async () => {
    const to = `parallel_${job}`;
    const { check } = await restore(job, to, { jobs: 2, check: "full" });
    assert.deepEqual([check.kind, check.rows], ["full", 153]);
    assert.deepEqual(
      readdirSync(join(home, "state", "work")).filter((name) => name.startsWith("fetched")),
      [],
    );
  });
}

test("workers that are ended in the middle, or that the server refuses, leave no database", async () => {
  const stop = new AbortController();
  await server.psql("ALTER ROLE CURRENT_USER SET shop.sleep = '60'");
  try {
    const restoring = restore("archive", "halfway", { jobs: 2, signal: stop.signal });
    const isCopying =
      "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'COPY public.slowly%' AND wait_event = 'PgSleep'";
    while ((await server.psql(isCopying)) === "0") await server.psql("SELECT pg_sleep(0.05)");
    stop.abort(new Error("enough"));
    await assert.rejects(restoring, /enough/);
    await assertGone("halfway");
    await server.psql("ALTER ROLE CURRENT_USER SET shop.sleep = 'no number'");
    await assert.rejects(restore("archive", "halfway", { jobs: 2 }), { code: "postgres.restore-failed" });
    await assertGone("halfway");
  } finally {
    await server.psql("ALTER ROLE CURRENT_USER RESET shop.sleep");
  }
});

test("what several workers cannot do is refused before anything is made", async () => {
  for (const other of [{ tables: ["customers"] }, { roleMap: new Map([["shop_owner", "x"]]) }]) {
    await assert.rejects(restore("archive", "never", { jobs: 2, ...other }), { code: "usage.refused" });
  }
  await assert.rejects(restore("plain", "never", { jobs: 2 }), { code: "usage.refused" });
});

test("a role that is called otherwise owns and may read what the old one did; rows keep its name", async () => {
  const roleMap = new Map([["shop_owner", "keeper"]]);
  const report = await restore("plain", "renamed", { roleMap });
  assert.deepEqual(report.createdRoles, ["keeper"]);
  assert.ok(
    report.findings.some(({ message }) => message === 'role "keeper" is missing and will be created'),
  );
  assert.equal(
    await server.psql("SELECT tableowner FROM pg_tables WHERE tablename = 'customers'", "renamed"),
    "keeper",
  );
  assert.equal(
    await server.psql("SELECT note FROM customers WHERE id = 1", "renamed"),
    "OWNER TO shop_owner 1",
  );
});

test("beforehand it is said how much is free, and who uses what would be replaced", async () => {
  await server.createDatabase("busy");
  const session = server.psql("SELECT pg_sleep(30)", "busy").catch(() => "ended");
  const isThere = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'busy' AND state = 'active'";
  while ((await server.psql(isThere)) === "0") await server.psql("SELECT pg_sleep(0.05)");
  const { findings, estimate } = await restore("plain", "busy", { overwrite: "busy", dryRun: true });
  await server.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'busy'");
  await session;
  const said = findings.map(({ message }) => message).join("\n");
  assert.match(said, /it needs about [\d.]+ .B on the server, where [\d.]+ .B are free/);
  assert.match(said, /"busy" is in use; the last statement there was at \d{4}-\d\d-\d\dT[\d:]{8}Z/);
  assert.equal(estimate, null, "nothing was measured");
});

test("without owners, that is said beforehand", async () => {
  const report = await restore("plain", "never", { withoutOwners: true, dryRun: true });
  assert.match(
    report.findings.map(({ message }) => message).join("\n"),
    /everything will belong to the role that restores/,
  );
});

test("without owners and roles, what names roles that are not there is left out, each told, and the rest is restored", async () => {
  const other = await startPostgres({ ownIdentity: true });
  try {
    const elsewhere = postgresJob(localSource(other), { name: "elsewhere" });
    const there = createOperations({ ...context, jobs: [...context.jobs, elsewhere] });
    const [backup] = context.catalog.backups({ job: "plain" });
    const fixed = { overwrite: null, only: [], job: "elsewhere", dryRun: false, signal } as const;
    const asked = {
      ...fixed,
      backup: `plain/${backup?.id}`,
      to: "shop",
      withoutOwners: true,
      roles: "none",
    } as const;
    await assert.rejects(there.restore({ ...asked, withoutOwners: false }), (error: Failure) => {
      assert.equal(error.code, "postgres.restore-failed");
      assert.doesNotMatch(error.message, /_restoring_/);
      return /Cannot restore into "shop": role .* does not exist/.test(error.message);
    });
    const report = await there.restore(asked);
    assert.ok(report.kind === "database");
    assert.deepEqual(report.warnings.toSorted(), [
      'Left out, since role "shop reader" is not there: POLICY own ON public.customers',
      'Left out, since role "shop_owner" is not there: ALTER ROLE shop_owner IN DATABASE "shop" SET work_mem',
    ]);
    assert.equal(await other.psql("SELECT string_agg(polname, ',') FROM pg_policy", "shop"), "everybody");
    assert.equal(await other.psql("SHOW shop.note", "shop"), "kept");
    assert.equal(await other.psql("SELECT count(*) FROM pg_roles WHERE rolname ~ 'shop'", "shop"), "0");
    const lookIn = (drop: string | null) => there.dropReplaced({ job: null, drop, signal });
    await assert.rejects(lookIn(null), { code: "usage.refused", hint: /--job plain, .*--job elsewhere/ });
    await assert.rejects(lookIn("shop_before_20261123T020000Z"), { message: /there is no such database/ });
    await assert.rejects(lookIn("codexdb_before_20261123T020000Z"), { message: /there is no such database/ });
  } finally {
    await other.stop();
  }
});

test("only what a restore replaced is dropped, by its whole name, when nobody uses it", async () => {
  await server.createDatabase("live");
  await server.createDatabase("live_before_lunch");
  const { oldDatabase } = await restore("plain", "live", { overwrite: "live" });
  assert.ok(oldDatabase !== null);
  const ask = (drop: string | null) => operations.dropReplaced({ job: null, drop, signal });
  assert.deepEqual(
    (await ask(null)).kept.map(({ name }) => name),
    [oldDatabase],
  );
  for (const name of ["live", "live_before_lunch", "live_before_", "postgres", oldDatabase.slice(0, -1)]) {
    await assert.rejects(ask(name), { code: "usage.refused" }, name);
  }
  const session = server.psql("SELECT pg_sleep(30)", oldDatabase).catch(() => "ended");
  const inUse = `SELECT count(*) FROM pg_stat_activity WHERE datname = '${oldDatabase}' AND state = 'active'`;
  while ((await server.psql(inUse)) === "0") await server.psql("SELECT pg_sleep(0.05)");
  await assert.rejects(ask(oldDatabase), { code: "usage.refused", message: /1 sessions? use/ });
  await server.psql(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${oldDatabase}'`,
  );
  await session;
  const report = await ask(oldDatabase);
  assert.deepEqual([report.kept, report.dropped?.name], [[], oldDatabase]);
  await assertGone(oldDatabase);
  assert.equal(await server.psql("SELECT count(*) FROM orders", "live"), "50");
});
