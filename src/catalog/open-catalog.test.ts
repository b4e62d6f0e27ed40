import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, test } from "node:test";
import { Failure } from "../domain/failure.ts";
import type { FailureCode } from "../domain/failure-table.ts";
import { instant } from "../domain/instant.ts";
import type { RunRow } from "./catalog.ts";
import { loadMigrations, migrate } from "./migrations.ts";
import { openCatalog } from "./open-catalog.ts";
import { setAsideCatalog } from "./set-aside-catalog.ts";

const root = mkdtempSync(join(tmpdir(), "open-catalog-"));
chmodSync(root, 0o755); // for the test that runs as another user
after(() => rmSync(root, { recursive: true }));

let states = 0;
const newPath = () => join(root, `state-${states++}`, "catalog.db");

const run: RunRow = {
  runId: "a",
  job: "database",
  database: null,
  slot: null,
  startedAt: instant(0),
  finishedAt: null,
  outcome: null,
  backupId: null,
  failure: null,
  warnings: [],
  summary: "",
  pid: 1,
  bootId: "boot",
  host: "host",
};

function failsWith(code: FailureCode, path: string) {
  return (error: unknown) =>
    error instanceof Failure && error.code === code && error.message.includes(path) && error.hint !== null;
}

/** Runs lines of JavaScript in another process that has `openCatalog`, `path` and `run`. */
function startOther(path: string, body: string, shell: readonly string[] = []) {
  const script = `
    const { openCatalog } = await import(${JSON.stringify(import.meta.resolve("./open-catalog.ts"))});
    const path = ${JSON.stringify(path)};
    const run = ${JSON.stringify(run)};
    const say = (value) => console.log(JSON.stringify(value));
    ${body}`;
  const [program = process.execPath, ...args] = [
    ...shell,
    process.execPath,
    "--input-type=module",
    "-e",
    script,
  ];
  return spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
}

async function outputOf(child: ReturnType<typeof startOther>): Promise<string> {
  let text = "";
  for await (const chunk of child.stdout) text += String(chunk);
  return text;
}

test("the catalog and what SQLite puts beside it are for their owner only", () => {
  const path = newPath();
  const catalog = openCatalog(path);
  catalog.startRun(run);
  for (const name of [path, `${path}-wal`, `${path}-shm`])
    assert.equal(statSync(name).mode & 0o777, 0o600, name);
  assert.equal(statSync(join(path, "..")).mode & 0o777, 0o700);
  catalog.close();
  catalog.close();
  chmodSync(path, 0o644);
  openCatalog(path).close();
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test("what was written is there after closing and opening", () => {
  const path = newPath();
  const first = openCatalog(path);
  first.startRun(run);
  first.close();
  const second = openCatalog(path);
  assert.deepEqual(second.run("a"), run);
  second.close();
});

test("processes that open a new catalog at the same moment all get to write and read", async () => {
  const path = newPath();
  const body = (who: number) => `
    const catalog = openCatalog(path);
    for (let i = 0; i < 25; i++) {
      catalog.startRun({ ...run, runId: "${who}-" + i });
      catalog.atomically(() => catalog.updateRun({ ...run, runId: "${who}-" + i, summary: "done" }));
      catalog.runs();
    }
    catalog.close();
    say("ok");`;
  const outputs = await Promise.all([1, 2, 3, 4].map((who) => outputOf(startOther(path, body(who)))));
  assert.deepEqual(outputs, Array(4).fill('"ok"\n'));
  const catalog = openCatalog(path);
  assert.equal(catalog.runs().filter((one) => one.summary === "done").length, 100);
  assert.deepEqual(catalog.problems(), []);
  catalog.close();
});

test("a list reads beside a run that is writing, and sees nothing half done", async () => {
  const path = newPath();
  const catalog = openCatalog(path);
  catalog.atomically(() => {
    catalog.startRun(run);
    const reader = openCatalog(path, { busyTimeoutMs: 0 });
    assert.deepEqual(reader.runs(), []);
    assert.throws(() => reader.startRun({ ...run, runId: "b" }), failsWith("catalog.io", path));
    reader.close();
  });
  assert.equal(catalog.runs().length, 1);
  catalog.close();
});

test("a process killed in the middle of writing leaves a sound catalog without its half", async () => {
  const path = newPath();
  const body = `
    const catalog = openCatalog(path);
    catalog.startRun({ ...run, runId: "whole" });
    catalog.atomically(() => {
      for (let i = 0; i < 2000; i++) catalog.startRun({ ...run, runId: "half-" + i });
      say("half");
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    });`;
  const child = startOther(path, body);
  await once(child.stdout, "data");
  child.kill("SIGKILL");
  await once(child, "exit");
  const catalog = openCatalog(path);
  assert.deepEqual(
    catalog.runs().map((one) => one.runId),
    ["whole"],
  );
  assert.deepEqual(catalog.problems(), []);
  catalog.close();
});

test("a disk that is full is told as such, and costs nothing that was written before", async () => {
  const path = newPath();
  const body = `
    const catalog = openCatalog(path);
    let written = 0;
    try {
      for (;;) {
        catalog.startRun({ ...run, runId: "run-" + written, summary: "x".repeat(4000) });
        written += 1;
      }
    } catch (error) {
      say({ written, code: error.code, message: error.message });
    }`;
  // no file may grow beyond 400 blocks: for SQLite that is a disk that takes no more
  const output = await outputOf(startOther(path, body, ["/bin/sh", "-c", 'ulimit -f 400; exec "$0" "$@"']));
  const { written, code, message } = JSON.parse(output);
  assert.equal(code, "catalog.io");
  assert.ok(message.includes(path), message);
  const catalog = openCatalog(path);
  assert.ok(written > 0);
  assert.equal(catalog.runs().length, written);
  assert.deepEqual(catalog.problems(), []);
  catalog.close();
});

test("a schema of the future is refused, and not a byte is changed", () => {
  const path = newPath();
  openCatalog(path).close();
  const database = new DatabaseSync(path);
  database.exec("PRAGMA user_version = 99");
  database.close();
  const before = readFileSync(path);
  assert.throws(() => openCatalog(path), failsWith("catalog.newer", path));
  assert.deepEqual(readFileSync(path), before);
  assert.deepEqual([existsSync(`${path}-wal`), existsSync(`${path}-shm`)], [false, false]);
});

test("another program's database is refused, and not a byte is changed", () => {
  const path = newPath();
  mkdirSync(join(path, ".."));
  const database = new DatabaseSync(path);
  database.exec("CREATE TABLE theirs (a)");
  database.close();
  const before = readFileSync(path);
  assert.throws(() => openCatalog(path), failsWith("catalog.io", path));
  assert.deepEqual(readFileSync(path), before);
});

function damage(path: string, spoil: (bytes: Buffer) => Buffer): void {
  const catalog = openCatalog(path);
  catalog.atomically(() => {
    for (let index = 0; index < 500; index++) catalog.startRun({ ...run, runId: `run-${index}` });
  });
  catalog.close();
  writeFileSync(path, spoil(readFileSync(path)));
}

test("a damaged file is told as such, with the way out, wherever the damage is seen", () => {
  const spoils: readonly ((bytes: Buffer) => Buffer)[] = [
    () => Buffer.from("this is no SQLite file ".repeat(100)),
    (bytes) => bytes.subarray(0, 20_000),
    (bytes) => Buffer.concat([bytes.subarray(0, 4096), Buffer.alloc(bytes.length - 4096, 0x5a)]),
  ];
  for (const spoil of spoils) {
    const path = newPath();
    damage(path, spoil);
    const use = () => {
      const catalog = openCatalog(path);
      try {
        catalog.runs();
      } finally {
        catalog.close();
      }
    };
    assert.throws(
      use,
      (error) => failsWith("catalog.damaged", path)(error) && hintOf(error).includes("catalog rebuild"),
    );
  }
});

function hintOf(error: unknown): string {
  return error instanceof Failure ? (error.hint ?? "") : "";
}

test("rows that say what no row may say are damage, not data", () => {
  const path = newPath();
  const catalog = openCatalog(path);
  catalog.startRun(run);
  const spoils = [
    "outcome = 'golden'",
    "failure = '{'",
    "warnings = '[1]'",
    "started_ms = 9e15",
    "pid = 9223372036854775807",
  ];
  const database = new DatabaseSync(path);
  for (const spoil of spoils) {
    database.exec(`UPDATE runs SET outcome = NULL, failure = NULL, warnings = '[]', started_ms = 0, pid = 1`);
    database.exec(`UPDATE runs SET ${spoil}`);
    assert.throws(() => catalog.runs(), failsWith("catalog.damaged", path), spoil);
    assert.throws(() => catalog.run("a"), failsWith("catalog.damaged", path), spoil);
  }
  database.close();
  catalog.close();
});

test("a failure code that this version does not know keeps its words", () => {
  const path = newPath();
  const catalog = openCatalog(path);
  catalog.startRun({ ...run, failure: { code: "run.died", message: "Cannot x: y", hint: "Do z." } });
  const database = new DatabaseSync(path);
  database.exec("UPDATE runs SET failure = replace(failure, 'run.died', 'later.code')");
  database.close();
  assert.deepEqual(catalog.run("a")?.failure, {
    code: "run.internal",
    message: "Cannot x: y",
    hint: "Do z.",
  });
  catalog.close();
});

test("problems tells of a lost parent row", () => {
  const path = newPath();
  const catalog = openCatalog(path);
  const database = new DatabaseSync(path, { enableForeignKeyConstraints: false });
  database.exec("INSERT INTO manifests (backup, text) VALUES (7, '{}')");
  database.close();
  assert.deepEqual(catalog.problems(), ["1 rows of manifests have lost their backups row"]);
  catalog.close();
});

test("a damaged catalog is moved aside whole, and a new one starts empty in its place", () => {
  const path = newPath();
  damage(path, () => Buffer.from("damaged"));
  writeFileSync(`${path}-wal`, "its log");
  const aside = setAsideCatalog(path, instant(Date.UTC(2026, 10, 23, 1)));
  assert.equal(aside, `${path}.damaged-20261123T010000000Z`);
  assert.equal(readFileSync(aside, "utf8"), "damaged");
  assert.equal(readFileSync(`${aside}-wal`, "utf8"), "its log");
  const catalog = openCatalog(path);
  assert.deepEqual([catalog.runs(), catalog.problems()], [[], []]);
  catalog.close();
  assert.equal(setAsideCatalog(newPath(), instant(0)), null);
});

test("a directory that cannot be made or written is named", async () => {
  const blocked = join(root, "a-file");
  writeFileSync(blocked, "");
  assert.throws(() => openCatalog(join(blocked, "catalog.db")), failsWith("catalog.io", blocked));
  const readOnly = join(root, "read-only");
  mkdirSync(readOnly, { mode: 0o555 });
  const path = join(readOnly, "catalog.db");
  const body = "try { openCatalog(path) } catch (error) { say([error.code, error.message.includes(path)]) }";
  // root may write everywhere, so root asks as another user
  const asOther = process.getuid?.() === 0 ? "process.setgid(65534); process.setuid(65534);" : "";
  assert.equal(await outputOf(startOther(path, asOther + body)), '["catalog.io",true]\n');
});

test("the migrations are numbered without a gap and have not changed since they were released", () => {
  const migrations = loadMigrations();
  assert.deepEqual(
    migrations.map((migration) => migration.version),
    migrations.map((_, index) => index + 1),
  );
  const hashes = migrations.map(({ sql }) => createHash("sha256").update(sql).digest("hex").slice(0, 16));
  assert.deepEqual(hashes, [
    "da52421d1b45da50",
    "333ffd3ae9d131f7",
    "11643ebb43f8b487",
    "29423aded5bc5243",
    "c48f24e211eb6c8d",
    "b067e7623f5d9bb7",
    "2f85811438f0e557",
    "03b3cf8bdb6089b8",
    "720bad98cf5f5901",
    "cbbdc76b49e61193",
  ]);
});

test("a migration that fails in the middle leaves the old schema, and a later one goes on from there", () => {
  const path = newPath();
  openCatalog(path).close();
  const database = new DatabaseSync(path);
  const migrations = loadMigrations();
  const next = migrations.length + 1;
  const broken = { version: next, sql: "CREATE TABLE novelty (a); INSERT INTO nowhere VALUES (1);" };
  assert.throws(() => migrate(database, path, [...migrations, broken]), /nowhere/);
  assert.equal(
    database.prepare("SELECT count(*) AS n FROM sqlite_schema WHERE name = 'novelty'").get()?.n,
    0,
  );
  migrate(database, path, [...migrations, { version: next, sql: "CREATE TABLE novelty (a)" }]);
  assert.equal(database.prepare("PRAGMA user_version").get()?.user_version, next);
  database.close();
  assert.throws(() => openCatalog(path), failsWith("catalog.newer", path));
});
