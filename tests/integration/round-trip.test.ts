import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { parseManifest } from "../../src/domain/backups/manifest-text.ts";
import type { Context } from "../../src/operations/context.ts";
import { createOperations } from "../../src/operations/create-operations.ts";
import type { Operations, RestoreRequest } from "../../src/operations/operation.ts";
import { createRealContext, localSource, postgresJob } from "../fakes/real-context.ts";
import { loadAwkward } from "../fixtures/awkward.ts";
import { compareDatabases, type RowOrder } from "../fixtures/compare-databases.ts";
import { temporaryDirectory } from "../servers/cleanup.ts";
import { type PostgresTestServer, startPostgres } from "../servers/postgres.ts";

const signal = new AbortController().signal;
const kinds = [
  { format: "sql", compress: "none", fingerprint: "independent" },
  { format: "sql", compress: "gzip", fingerprint: "stream" },
  { format: "sql", compress: "zstd", fingerprint: "stream" },
  { format: "custom", compress: "none", fingerprint: "stream" },
  { format: "custom", compress: "gzip", fingerprint: "stream" },
  { format: "custom", compress: "zstd", fingerprint: "stream" },
] as const;

let source: PostgresTestServer;
/** Another server, with no role but its own. */
let other: PostgresTestServer;
let context: Context;
let operations: Operations;

before(async () => {
  source = await startPostgres();
  other = await startPostgres({ user: "somebody", ownIdentity: true });
  await loadAwkward(source);
  const jobs = kinds.map(({ format, compress, fingerprint }) =>
    postgresJob(localSource(source), {
      name: `${format}_${compress}`,
      nameTemplate: "{job}_{date}",
      databases: { kind: "named", names: ["awkward"] },
      format,
      compress,
      fingerprint,
    }),
  );
  const elsewhere = postgresJob(localSource(other), { name: "elsewhere" });
  const home = temporaryDirectory("round-trip");
  context = createRealContext({ home, jobs: [...jobs, elsewhere], destinations: ["backups"] });
  operations = createOperations(context);
  await operations.initialiseDestinations([]);
  const names = jobs.map((job) => job.name);
  const reports = await operations.run({ jobs: names, all: false, waitMs: 0, slot: null, signal });
  assert.deepEqual(
    reports.map(({ outcome, level, failure }) => ({ outcome, level, failure })),
    names.map(() => ({ outcome: "complete", level: "read", failure: null })),
  );
});

after(async () => {
  context.catalog.close();
  await source.stop();
  await other.stop();
});

function idOf(job: string): string {
  const [backup] = context.catalog.backups({ job });
  return `${job}/${backup?.id}`;
}

function request(given: Pick<RestoreRequest, "backup" | "to"> & Partial<RestoreRequest>): RestoreRequest {
  return {
    overwrite: null,
    only: [],
    roles: "missing",
    withoutOwners: false,
    job: null,
    dryRun: false,
    signal,
    ...given,
  };
}

async function assertEqual(
  server: PostgresTestServer,
  database: string,
  order: RowOrder = "physical",
): Promise<void> {
  const differences = await compareDatabases(
    { env: source.env, database: "awkward" },
    { env: server.env, database },
    order,
  );
  assert.deepEqual(differences, []);
}

for (const { format, compress } of kinds) {
  test(`the awkward database, dumped as ${format} with ${compress}, is restored equal`, async () => {
    const database = `restored ${format} "${compress}"`;
    const report = await operations.restore(request({ backup: idOf(`${format}_${compress}`), to: database }));
    assert.equal(report.isRestored, true);
    await assertEqual(source, database);
  });
}

test("on a server without its roles, the roles are made and the database is equal", async () => {
  const backup = idOf("sql_zstd");
  const report = await operations.restore(request({ backup, to: "awkward", job: "elsewhere" }));
  assert.ok(report.kind === "database" && report.createdRoles.length > 0);
  await assertEqual(other, "awkward");
});

test("restoring again under a name that exists is refused before anything is touched", async () => {
  await source.createDatabase("taken");
  await source.psql("CREATE TABLE precious (x int); INSERT INTO precious VALUES (1)", "taken");
  const asked = request({ backup: idOf("sql_none"), to: "taken" });
  await assert.rejects(operations.restore(asked), { code: "postgres.restore-refused" });
  assert.equal(await source.psql("SELECT x FROM precious", "taken"), "1");
  await assert.rejects(operations.restore({ ...asked, overwrite: "tak" }), { code: "usage.refused" });
  assert.equal(await source.psql("SELECT x FROM precious", "taken"), "1");
});

test("with its name typed, a database is replaced and the old one is kept under another name", async () => {
  await source.createDatabase("replaced");
  await source.psql("CREATE TABLE precious (x int); INSERT INTO precious VALUES (1)", "replaced");
  const report = await operations.restore(
    request({ backup: idOf("sql_none"), to: "replaced", overwrite: "replaced" }),
  );
  assert.ok(report.kind === "database" && report.oldDatabase !== null);
  assert.equal(await source.psql("SELECT x FROM precious", report.oldDatabase), "1");
  await assertEqual(source, "replaced");
});

test("a dry run touches nothing", async () => {
  const report = await operations.restore(
    request({ backup: idOf("sql_none"), to: "only looked", dryRun: true }),
  );
  assert.equal(report.isRestored, false);
  assert.equal(await source.psql("SELECT count(*) FROM pg_database WHERE datname = 'only looked'"), "0");
  const said = report.kind === "database" ? report.findings.map(({ message }) => message) : [];
  assert.match(said[0] ?? "", /^the server is PostgreSQL \d+.* at \/.*:\d+$/);
  assert.ok(said.some((message) => /^it needs about [\d.]+ MB on the server/.test(message)));
  assert.ok(!said.some((message) => /encoding/.test(message)), "the header asks for the old one");
});

test("without owners everything belongs to the one who restores", async () => {
  await operations.restore(
    request({ backup: idOf("sql_gzip"), to: "ownerless", withoutOwners: true, roles: "none" }),
  );
  const owners = await source.psql(
    "SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class WHERE relnamespace = 'public'::regnamespace",
    "ownerless",
  );
  assert.equal(owners, "codex");
});

test("a dump damaged after it was made is refused before anything is sent", async () => {
  const backups = context.destinations.get("backups");
  const path = backups?.localPath(`sql_gzip_${idOf("sql_gzip").slice(-10)}.sql.gz`) ?? "";
  const bytes = readFileSync(path);
  const damaged = Buffer.from(bytes);
  damaged[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
  writeFileSync(path, damaged);
  await assert.rejects(operations.restore(request({ backup: idOf("sql_gzip"), to: "never" })), {
    code: "backup.mismatch",
  });
  writeFileSync(path, bytes);
  assert.equal(await source.psql("SELECT count(*) FROM pg_database WHERE datname = 'never'"), "0");
});

test("a dump that a check found damaged blocks the restore, and its dry run says so, until it is mended", async () => {
  const job = "custom_gzip";
  const id = idOf(job).slice(job.length + 1);
  const { files } = parseManifest(Buffer.from(context.catalog.manifestText(job, id) ?? ""), id);
  const dump = files.find(({ role }) => role === "dump")?.path ?? "";
  const path = context.destinations.get("backups")?.localPath(dump) ?? "";
  const verify = () => operations.verify({ backups: [id], level: "read", sinceMs: null, signal });
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.subarray(0, -100));
  await verify();
  const asked = request({ backup: id, to: "never" });
  const dry = await operations.restore({ ...asked, dryRun: true });
  assert.ok(dry.kind === "database");
  const blockers = dry.findings.filter(({ severity }) => severity === "blocker");
  assert.deepEqual(
    blockers.map(({ message }) => message),
    ['its only copy, at "backups", was found damaged'],
  );
  assert.match(
    blockers[0]?.hint ?? "",
    /^"custom_gzip" has no good backup; .*codex-backup verify custom_gzip_/,
  );
  await assert.rejects(operations.restore(asked), {
    code: "postgres.restore-refused",
    message: /found damaged/,
  });
  writeFileSync(path, bytes);
  await verify();
  assert.equal((await operations.restore({ ...asked, to: "mended" })).isRestored, true);
});
