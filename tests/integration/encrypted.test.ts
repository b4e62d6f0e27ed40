import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { copyFileSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Writable } from "node:stream";
import { after, before, test } from "node:test";
import { parseManifest } from "../../src/domain/backups/manifest-text.ts";
import type { Context } from "../../src/operations/context.ts";
import { createOperations } from "../../src/operations/create-operations.ts";
import { confirmIdentity } from "../../src/operations/custody/keys.ts";
import type { Operations, RestoreRequest } from "../../src/operations/operation.ts";
import { capsuleJob, createRealContext, localSource, postgresJob } from "../fakes/real-context.ts";
import { loadAwkward } from "../fixtures/awkward.ts";
import { compareDatabases } from "../fixtures/compare-databases.ts";
import { temporaryDirectory } from "../servers/cleanup.ts";
import { type PostgresTestServer, startPostgres } from "../servers/postgres.ts";
import { tryProgram } from "../servers/run-program.ts";

const signal = new AbortController().signal;
/** Stands in a row, a column's name, a role's comment and a file; nowhere else on this machine may it be found in the clear. */
const canary = "canary_7f3b91c2d4";
const kinds = [
  { format: "sql", compress: "none" },
  { format: "sql", compress: "zstd" },
  { format: "sql", compress: "gzip" },
  { format: "custom", compress: "none" },
  { format: "custom", compress: "zstd" },
] as const;

let source: PostgresTestServer;
let context: Context;
let operations: Operations;
let home: string;
const keys: Record<string, string> = {};

function newKey(directory: string, name: string): string {
  const path = join(directory, `${name}.key`);
  execFileSync("age-keygen", ["-o", path], { stdio: "ignore" });
  keys[name] = path;
  return execFileSync("age-keygen", ["-y", path], { encoding: "utf8" }).trim();
}

function keyOf(name: string): string {
  const path = keys[name];
  assert.ok(path);
  return path;
}

function recipientOf(name: string): string {
  return execFileSync("age-keygen", ["-y", keyOf(name)], { encoding: "utf8" }).trim();
}

before(async () => {
  const safe = temporaryDirectory("safe");
  const recipients = [newKey(safe, "ours"), newKey(safe, "second")];
  newKey(safe, "stranger");
  source = await startPostgres();
  await loadAwkward(source);
  await source.psql(
    `CREATE TABLE public.${canary} (${canary}_column text); INSERT INTO public.${canary} SELECT '${canary}' || n FROM generate_series(1, 5000) n;
     CREATE ROLE ${canary}_role; GRANT SELECT ON public.${canary} TO ${canary}_role`,
    "awkward",
  );
  const root = temporaryDirectory("tree");
  writeFileSync(join(root, `${canary}.log`), `${canary}\n`.repeat(1000));
  writeFileSync(join(root, "plain.bin"), Buffer.alloc(200_000, canary));
  const jobs = kinds.map(({ format, compress }) =>
    postgresJob(localSource(source), {
      name: `${format}_${compress}`,
      nameTemplate: "{job}_{date}",
      databases: { kind: "named", names: ["awkward"] },
      to: ["backups", "second"],
      requiredCopies: 2,
      format,
      compress,
      fingerprint: format === "sql" ? "independent" : "stream",
      encrypt: { recipients },
    }),
  );
  const capsule = capsuleJob(root, { to: ["backups"], encrypt: { recipients } });
  home = temporaryDirectory("encrypted");
  context = createRealContext({ home, jobs: [...jobs, capsule], destinations: ["backups", "second"] });
  operations = createOperations(context);
  await operations.initialiseDestinations([]);
});

after(async () => {
  context.catalog.close();
  await source.stop();
});

function run(jobs: readonly string[]) {
  return operations.run({ jobs, all: jobs.length === 0, waitMs: 0, slot: null, signal });
}

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

function filesBelow(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

function holdersOfCanary(): readonly string[] {
  return filesBelow(home).filter((path) => readFileSync(path).includes(canary) || path.includes(canary));
}

test("before anybody is known to hold the key, a run is refused and leaves nothing", async () => {
  const [report] = await run(["sql_none"]);
  assert.deepEqual(
    [report?.outcome, report?.failure?.code, report?.exit],
    ["failed", "encryption.not-exported", 2],
  );
  assert.match(report?.failure?.hint ?? "", /keys confirm --identity FILE/);
  assert.deepEqual(
    readdirSync(join(home, "backups")).filter((name) => name.includes("sql_none")),
    [],
  );
});

test("a key that opens only some of the recipients is not enough", async () => {
  await assert.rejects(confirmIdentity(context, { identity: keyOf("stranger"), who: "anna" }), {
    code: "encryption.identity",
  });
  assert.equal((await confirmIdentity(context, { identity: keyOf("ours"), who: "anna" })).length, 1);
  const [report] = await run(["sql_none"]);
  assert.equal(report?.failure?.code, "encryption.not-exported");
  assert.equal((await confirmIdentity(context, { identity: keyOf("second"), who: "anna" })).length, 1);
});

test("every job is backed up to hashed, and says nothing of its content in the clear", async () => {
  const reports = await run([]);
  assert.deepEqual(
    reports.map(({ outcome, level, failure, warnings }) => ({ outcome, level, failure, warnings })),
    reports.map(() => ({ outcome: "complete", level: "hashed", failure: null, warnings: [] })),
  );
  assert.equal(reports.length, kinds.length + 1);
  // Only the catalog has it: the names of tables, by which the anomaly gate compares, never leave this machine.
  const outside = holdersOfCanary().filter((path) => !path.startsWith(join(home, "state", "catalog.db")));
  assert.deepEqual(outside, []);
  const inCatalog = filesBelow(join(home, "state")).map((path) => readFileSync(path).toString("latin1"));
  assert.ok(!inCatalog.some((text) => text.includes(`${canary}1\n`) || text.includes(`${canary}_column`)));
  const manifest = parseManifest(
    readFileSync(join(home, "backups", `${idOf("sql_zstd").split("/")[1]}.manifest.json`)),
    "manifest",
  );
  assert.deepEqual([manifest.postgres, manifest.checked.level], [null, "hashed"]);
  assert.deepEqual(
    manifest.files.map(({ encryption, content }) => [encryption, content]),
    manifest.files.map(() => ["age", null]),
  );
});

test("the age program alone gives back each file", async () => {
  const names = readdirSync(join(home, "backups")).filter((name) => name.endsWith(".age"));
  assert.equal(names.length, kinds.length * 4 + 2);
  for (const name of names) {
    for (const key of ["ours", "second"]) {
      execFileSync("age", ["-d", "-i", keyOf(key), "-o", join(home, "plain"), join(home, "backups", name)]);
      assert.ok(statSync(join(home, "plain")).size > 0);
    }
  }
  const sql = names.find((name) => name.startsWith("sql_none") && name.endsWith(".sql.age")) ?? "";
  const plain = execFileSync("age", ["-d", "-i", keyOf("ours"), join(home, "backups", sql)], {
    maxBuffer: 256 * 1024 * 1024,
  });
  assert.ok(plain.includes(`${canary}5000`));
  const stranger = await tryProgram(["age", "-d", "-i", keyOf("stranger"), join(home, "backups", sql)]);
  assert.notEqual(stranger.code, 0);
});

test("an encrypted dump is restored equal with its key", async () => {
  const to = "restored with a key";
  const report = await operations.restore(
    request({ backup: idOf("sql_zstd"), to, identity: keyOf("second") }),
  );
  assert.equal(report.isRestored, true);
  const differences = await compareDatabases(
    { env: source.env, database: "awkward" },
    { env: source.env, database: to },
  );
  assert.deepEqual(differences, []);
});

test("a capsule is extracted with its key, and nothing plain stays in the work directory", async () => {
  const to = join(temporaryDirectory("extracted"), "tree");
  await operations.restore(request({ backup: idOf("capsule"), to, identity: keyOf("ours") }));
  assert.equal(readFileSync(join(to, `${canary}.log`), "utf8"), `${canary}\n`.repeat(1000));
  assert.deepEqual(filesBelow(join(home, "state", "work")), []);
});

test("without a key, and with another's, nothing is restored and the recipients are named", async () => {
  const backup = idOf("sql_none");
  await assert.rejects(operations.restore(request({ backup, to: "never" })), {
    code: "encryption.no-identity",
    message: /age1\w{58}, age1\w{58}/,
    hint: /--identity FILE/,
  });
  await assert.rejects(operations.restore(request({ backup, to: "never", identity: keyOf("stranger") })), {
    code: "encryption.no-identity",
  });
  assert.equal(await source.psql("SELECT count(*) FROM pg_database WHERE datname LIKE 'never%'"), "0");
});

test("a bare .age file is restored by what is inside it, without a manifest", async () => {
  const stick = temporaryDirectory("stick");
  const found = readdirSync(join(home, "backups"));
  for (const [start, ending] of [
    ["sql_gzip", ".sql.gz.age"],
    ["custom_zstd", ".dump.zst.age"],
  ] as const) {
    const name = found.find((one) => one.startsWith(start) && one.endsWith(ending));
    assert.ok(name);
    const path = join(stick, `${start}.bin`);
    copyFileSync(join(home, "backups", name), path);
    const ask = { backup: path, to: `bare ${start}`, job: start };
    await assert.rejects(operations.restore(request(ask)), { code: "encryption.no-identity" });
    await operations.restore(request({ ...ask, identity: keyOf("ours") }));
    assert.equal(await source.psql(`SELECT count(*) FROM public.${canary}`, ask.to), "5000");
  }
  const zip = found.find((one) => one.endsWith(".zip.age"));
  assert.ok(zip);
  copyFileSync(join(home, "backups", zip), join(stick, "capsule.bin"));
  const to = join(stick, "tree");
  await operations.restore(request({ backup: join(stick, "capsule.bin"), to, identity: keyOf("ours") }));
  assert.equal(readFileSync(join(to, "plain.bin")).length, 200_000);
});

test("a destination that was behind gets the same encrypted files, and its copy says hashed too", async () => {
  const root = temporaryDirectory("large-tree");
  writeFileSync(join(root, "noise.bin"), randomBytes(14_000_000));
  const recipients = ["ours", "second"].map(recipientOf);
  const job = capsuleJob(root, {
    name: "late",
    to: ["backups", "second"],
    spoolBytes: 1_000_000,
    encrypt: { recipients },
  });
  const second = context.destinations.get("second");
  assert.ok(second);
  let isStuck = true;
  const stage: typeof second.stage = async (name, runId) => {
    const staged = await second.stage(name, runId);
    if (!isStuck) return staged;
    isStuck = false;
    const sink = new Writable({
      write: () => undefined,
      destroy(error, done) {
        staged.sink.destroy();
        done(error);
      },
    });
    return { ...staged, sink };
  };
  const destinations = new Map(context.destinations).set("second", { ...second, stage });
  const late = createOperations({ ...context, jobs: [job], destinations });
  const [report] = await late.run({ jobs: ["late"], all: false, waitMs: 0, slot: null, signal });
  assert.deepEqual([report?.outcome, report?.failure], ["complete", null]);
  assert.deepEqual(
    report?.copies.map(({ destination, level, late: isLate }) => [destination, level, isLate]),
    [
      ["backups", "hashed", false],
      ["second", "hashed", true],
    ],
  );
  const id = context.catalog.backups({ job: "late" })[0]?.id;
  const copies = ["backups", "second"].map((name) => readFileSync(join(home, name, `${id}.zip.age`)));
  assert.ok(copies[0]?.equals(copies[1] ?? Buffer.alloc(0)));
});
