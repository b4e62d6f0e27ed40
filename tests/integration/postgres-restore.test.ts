import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { after, before, test } from "node:test";
import type { PostgresFacts } from "../../src/domain/backups/manifest.ts";
import { Failure } from "../../src/domain/failure.ts";
import type { FailureCode } from "../../src/domain/failure-table.ts";
import type { PostgresServer, RestoreRequest } from "../../src/postgres/postgres.ts";
import { loadAwkward } from "../fixtures/awkward.ts";
import { compareDatabases } from "../fixtures/compare-databases.ts";
import { temporaryDirectory } from "../servers/cleanup.ts";
import { type PostgresTestServer, startPostgres } from "../servers/postgres.ts";
import { limits, postgresRoom, quiet, sourceOf } from "./postgres-at.ts";

interface Backup {
  readonly dump: Buffer;
  readonly header: Buffer;
  readonly globals: Buffer;
  readonly facts: PostgresFacts;
}

const room = postgresRoom();
let source: PostgresTestServer;
let target: PostgresTestServer;
let restoring: PostgresServer;
let plain: Backup;

before(async () => {
  source = await startPostgres({ settings: { wal_level: "logical" } });
  target = await startPostgres({ user: "somebody_else", settings: { wal_level: "logical" } });
  await loadAwkward(source);
  plain = await backUp("awkward", "sql");
  restoring = await room.connect(sourceOf(target), "postgres", { label: "restore", signal: quiet() });
});

after(async () => {
  await restoring.close();
  await source.stop();
  await target.stop();
});

async function backUp(database: string, format: "sql" | "custom"): Promise<Backup> {
  const found = await room.connect(sourceOf(source), database, { label: "dump", signal: quiet() });
  const snapshot = await found.openSnapshot(database, limits, quiet());
  const running = await snapshot.startDump(format);
  const dump = await buffer(running.stream);
  await running.finish();
  const header = (await snapshot.dumpHeader()).text;
  const globals = (await found.dumpGlobals()).text;
  const fingerprint = { tables: [], sequences: [], largeObjects: [], schemaSha256: "", objects: {} };
  const facts: PostgresFacts = { ...snapshot.facts, format, fingerprint };
  await snapshot.close();
  await found.close();
  return { dump, header, globals, facts };
}

/** In pieces of an odd size, as a file or a decompressor would give them. */
function inPieces(bytes: Buffer): Readable {
  const size = 10_007;
  const count = Math.ceil(bytes.length / size);
  return Readable.from(
    Array.from({ length: count }, (_, at) => bytes.subarray(at * size, (at + 1) * size)),
    { objectMode: false },
  );
}

function request(database: string, dump: Buffer, other: Partial<RestoreRequest> = {}): RestoreRequest {
  return {
    database,
    format: "sql",
    openDump: async () => inPieces(dump),
    expected: { sizeBytes: dump.length, sha256: createHash("sha256").update(dump).digest("hex") },
    header: plain.header,
    globals: plain.globals,
    roles: "missing",
    withoutOwners: false,
    signal: quiet(),
    ...other,
  };
}

async function assertFails(code: FailureCode, doing: Promise<unknown>): Promise<Failure> {
  const failure = await doing.then(
    () => null,
    (error: unknown) => error,
  );
  assert.ok(failure instanceof Failure, String(failure));
  assert.equal(failure.code, code, failure.message);
  return failure;
}

async function assertGone(database: string): Promise<void> {
  assert.ok(!(await restoring.listDatabases()).includes(database), `${database} is still there`);
}

for (const format of ["sql", "custom"] as const) {
  test(`a ${format} dump of an awkward database comes back equal under another name`, async () => {
    const backup = format === "sql" ? plain : await backUp("awkward", "custom");
    const database = `Restored "${format}"`;
    const seen: number[] = [];
    const report = await restoring.restore.restore(
      request(database, backup.dump, { format, onProgress: (bytes) => seen.push(bytes) }),
    );
    assert.equal(seen.at(-1), backup.dump.length);
    assert.deepEqual(
      report.createdRoles.toSorted(),
      format === "sql"
        ? ["Schreiberïn", "awkward reader", 'awkward"quote', "awkward_owner", "codex"].toSorted()
        : [],
    );
    const differences = await compareDatabases(
      { env: source.env, database: "awkward" },
      { env: target.env, database },
    );
    // Rows hashed on an enum move between partitions: the enum's oids differ.
    const moved = /^table public\.by_hash/;
    assert.deepEqual(
      differences.filter((one) => !moved.test(one.what)),
      [],
    );
    await restoring.restore.drop(database);
    await assertGone(database);
  });
}

test("a dump that is cut anywhere leaves no database behind, also without a checksum to compare", async () => {
  const whole = plain.dump;
  const inCopy = whole.indexOf("COPY public.reordered") + 5000;
  const beforeTrailer = whole.indexOf("-- PostgreSQL database dump complete");
  for (const at of [inCopy, beforeTrailer, 100]) {
    const cut = whole.subarray(0, at);
    await assertFails(
      "postgres.dump-truncated",
      restoring.restore.restore(request("cut", cut, { expected: null })),
    );
    await assertGone("cut");
  }
});

test("a changed byte inside a row is found before COMMIT", async () => {
  const at = plain.dump.indexOf("COPY public.reordered") + 5000;
  const changed = Buffer.from(plain.dump);
  changed[at] = changed[at] === 0x61 ? 0x62 : 0x61;
  const expected = request("x", plain.dump).expected;
  const failure = await assertFails(
    "postgres.dump-unreadable",
    restoring.restore.restore(request("changed", changed, { expected })),
  );
  assert.match(failure.message, /sha256/);
  await assertGone("changed");
});

test("a cut archive leaves no database behind", async () => {
  const { dump } = await backUp("awkward", "custom");
  const cut = dump.subarray(0, dump.length - 5000);
  await assertFails(
    "postgres.dump-unreadable",
    restoring.restore.restore(request("cut", cut, { format: "custom", expected: null })),
  );
  await assertGone("cut");
});

const trailer = "--\n-- PostgreSQL database dump complete\n--\n\n";

test("an error at the beginning of a long dump is told in the server's words, not as a broken pipe", async () => {
  const at = plain.dump.indexOf("\nSET statement_timeout");
  const dump = Buffer.concat([
    plain.dump.subarray(0, at),
    Buffer.from("\nSELECT 1/0;"),
    plain.dump.subarray(at),
  ]);
  const failure = await assertFails(
    "postgres.restore-failed",
    restoring.restore.restore(request("early", dump)),
  );
  assert.match(failure.message, /division by zero/);
  await assertGone("early");
});

test("an error of the server ends the restore with its words and leaves no database behind", async () => {
  const dump = Buffer.from(`CREATE TABLE public.t (id int);\nSELECT 1/0;\n${trailer}`);
  const failure = await assertFails(
    "postgres.restore-failed",
    restoring.restore.restore(request("bad", dump)),
  );
  assert.match(failure.message, /division by zero/);
  assert.equal(failure.context.sqlstate, "22012");
  await assertGone("bad");
});

test("a dump whose own COMMIT would end our transaction early is kept in one transaction", async () => {
  const dump = Buffer.from(`BEGIN;\nSELECT pg_catalog.lo_create('77');\nCOMMIT;\nSELECT 1/0;\n${trailer}`);
  await assertFails("postgres.restore-failed", restoring.restore.restore(request("early", dump)));
  await assertGone("early");
});

test("a dump that carries a command for psql is refused before it runs", async () => {
  const path = join(temporaryDirectory("meta"), "ran");
  const dump = Buffer.from(`\\! touch ${path}\nSELECT 1;\n${trailer}`);
  await assertFails("postgres.restore-refused", restoring.restore.restore(request("hostile", dump)));
  assert.equal(existsSync(path), false);
  await assertGone("hostile");
});

test("a database that exists is neither touched nor dropped", async () => {
  await target.psql("CREATE DATABASE precious");
  await target.psql("CREATE TABLE kept (id int)", "precious");
  await assertFails("postgres.restore-refused", restoring.restore.restore(request("precious", plain.dump)));
  assert.equal(await target.psql("SELECT count(*) FROM kept", "precious"), "0");
});

test("roles that exist keep their password and attributes", async () => {
  await target.psql("DROP ROLE IF EXISTS app; CREATE ROLE app LOGIN PASSWORD 'theirs'");
  const stored = "SELECT rolpassword FROM pg_authid WHERE rolname = 'app'";
  const theirs = await target.psql(stored);
  const globals = Buffer.from(
    "CREATE ROLE app;\nALTER ROLE app WITH SUPERUSER PASSWORD 'ours';\nCREATE ROLE fresh;\n" +
      "ALTER ROLE fresh WITH NOLOGIN PASSWORD 'fresh';\nGRANT fresh TO app;\nGRANT app TO fresh;\n",
  );
  const dump = Buffer.from(`SELECT 1;\n${trailer}`);
  const report = await restoring.restore.restore(request("roles", dump, { globals, header: null }));
  assert.deepEqual(report.createdRoles, ["fresh"]);
  assert.equal(await target.psql(stored), theirs);
  assert.equal(await target.psql("SELECT rolsuper FROM pg_roles WHERE rolname = 'app'"), "f");
  assert.equal(await target.psql("SELECT pg_has_role('fresh', 'app', 'MEMBER')"), "t");
  assert.equal(await target.psql("SELECT pg_has_role('app', 'fresh', 'MEMBER')"), "f");
  assert.match(report.warnings.join(), /GRANT fresh TO app/);
  await restoring.restore.drop("roles");
});

for (const format of ["sql", "custom"] as const) {
  test(`without owners a ${format} dump belongs to the restoring role and needs no other`, async () => {
    await source.psql(`DROP DATABASE IF EXISTS owned WITH (FORCE)`);
    await source.psql(
      `DROP ROLE IF EXISTS only_there; CREATE ROLE only_there; CREATE DATABASE owned OWNER only_there`,
    );
    await source.psql(
      `CREATE TABLE t (id int); ALTER TABLE t OWNER TO only_there; GRANT SELECT ON t TO only_there;
       CREATE FUNCTION f(a int, b text, c timestamp with time zone, d numeric) RETURNS int LANGUAGE sql AS 'SELECT 1';
       ALTER FUNCTION f OWNER TO only_there; ALTER DEFAULT PRIVILEGES FOR ROLE only_there GRANT SELECT ON TABLES TO PUBLIC;
       INSERT INTO t VALUES (1)`,
      "owned",
    );
    const backup = await backUp("owned", format);
    const other = { format, header: backup.header, globals: null, withoutOwners: true };
    await restoring.restore.restore(request("mine", backup.dump, other));
    assert.equal(
      await target.psql("SELECT relowner::regrole FROM pg_class WHERE relname = 't'", "mine"),
      "somebody_else",
    );
    assert.equal(await target.psql("SELECT id FROM t", "mine"), "1");
    await restoring.restore.drop("mine");
  });
}

test("a restore that is called off leaves no database behind", async () => {
  const stop = new AbortController();
  const reason = new Failure("run.cancelled", "Cannot finish: it was cancelled");
  const onProgress = (bytes: number) => {
    if (bytes > plain.dump.length / 2) stop.abort(reason);
  };
  await assertFails(
    "run.cancelled",
    restoring.restore.restore(request("aborted", plain.dump, { signal: stop.signal, onProgress })),
  );
  await assertGone("aborted");
});

test("the preflight of a foreign server says what is missing there, and touches nothing", async () => {
  const empty = await startPostgres({ user: "nobody_known" });
  await empty.psql("CREATE DATABASE taken");
  const found = await room.connect(sourceOf(empty), "postgres", { label: "preflight", signal: quiet() });
  const { preflight } = found.restore;
  const good = await preflight({ database: "new", ...plain });
  assert.deepEqual(
    good.filter((one) => one.severity === "blocker"),
    [],
  );
  assert.ok(good.some((one) => one.about === "role" && /"awkward_owner" is missing/.test(one.message)));
  const extensions = [{ name: "timescaledb", version: "2.14", schema: "public" }];
  const locale = { ...plain.facts.locale, collate: "xx_XX.UTF-8" };
  const odd = { locale, encoding: "LATIN1", serverVersionNum: 990_000 };
  const facts: PostgresFacts = { ...plain.facts, extensions, ...odd };
  const bad = await preflight({ database: "taken", facts, globals: null, header: null });
  assert.deepEqual(
    bad.filter((one) => one.severity === "blocker").map((one) => one.about),
    ["target", "extension", "collation"],
  );
  for (const about of ["version", "encoding"])
    assert.ok(bad.some((one) => one.about === about && one.severity === "warning"));
  const target = bad.find((one) => one.about === "target");
  assert.match(target?.message ?? "", /^database "taken" exists \([\d.]+ MB\), used by 0 sessions$/);
  assert.deepEqual(await found.listDatabases(), ["postgres", "taken"]);
  await found.close();
  await empty.stop();
});
