import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { makeStorageTree } from "../../src/demo/storage-tree.ts";
import { compareDatabases } from "../fixtures/compare-databases.ts";
import { type PostgresContainer, startPostgresContainer } from "../servers/container.ts";
import { type PostgresTestServer, startPostgres } from "../servers/postgres.ts";
import { runProgram } from "../servers/run-program.ts";
import { createOperator, type Operator } from "./cli-tool.ts";

const codexSql = new URL("../../src/demo/codex.sql", import.meta.url);
/** Stands in for the guide's user "codex", which a test machine does not have. */
const owner = { name: "nobody", group: "nogroup" };

let container: PostgresContainer;
let server: PostgresTestServer;
let operator: Operator;

/** The guide's machine: a container codex_postgres, the preset's config with its paths moved under a directory. */
before(async () => {
  container = await startPostgresContainer("codex_postgres");
  await container.psql(
    readFileSync(codexSql, "utf8")
      .replace(/^\\.*$/gm, "")
      .replaceAll(":rows", "3000"),
    "codexdb",
  );
  server = await startPostgres();
  operator = createOperator("", container.env);
  await operator.run("init", "--preset", "codex", "--output", "preset.yaml");
  const preset = readFileSync(operator.path("preset.yaml"), "utf8");
  const moved = preset
    .replaceAll("/backups\n", `${operator.path("backups")}\n`)
    .replaceAll("/opt/Super-Codex-AI/storage", operator.path("storage"))
    .replace("/var/lib/codex-backup", operator.path("state"))
    .replaceAll('"codex:codex"', `"${owner.name}:${owner.group}"`);
  writeFileSync(operator.path("codex-backup.yaml"), moved, { mode: 0o600 });
  makeStorageTree(operator.path("storage"));
  const made = await operator.run("destination", "init", "--all");
  assert.equal(made.code, 0, made.stderr);
  const night = await operator.run("run", "--all");
  assert.equal(night.code, 0, `${night.stdout}${night.stderr}`);
});

after(async () => {
  await container.remove();
  await server.stop();
});

function dumpsIn(directory: string): readonly string[] {
  return readdirSync(directory)
    .filter((name) => /^codexdb_.*\.sql$/.test(name))
    .sort();
}

test("the night leaves every file of the guide, 0600 and given to the configured user", () => {
  const date = new Date().toISOString().slice(0, 10);
  const names = readdirSync(operator.path("backups"));
  for (const name of [
    `codexdb_${date}.sql`,
    `globals_codexdb_${date}.sql`,
    `database_codexdb_${date}.sql`,
    `codexdb_${date}.manifest.json`,
    "checksums.txt",
  ]) {
    assert.ok(names.includes(name), name);
    assert.equal(statSync(join(operator.path("backups"), name)).mode & 0o777, 0o600, name);
  }
  const replays = readdirSync(operator.path("storage/replays"));
  assert.equal(replays.filter((name) => /^codex_replay_\d{8}T\d{6}Z\.zip$/.test(name)).length, 1);
  assert.ok(replays.includes("checksums.txt"));
  const { uid } = statSync(operator.path("backups", `codexdb_${date}.sql`));
  assert.equal(uid, 65534);
  assert.equal(names.filter((name) => name.includes("partial")).length, 0);
});

test("the guide's own commands work as that user: sha256sum -c, ls, unzip -t", async () => {
  const asOwner = [
    "setpriv",
    `--reuid=${owner.name}`,
    `--regid=${owner.group}`,
    "--clear-groups",
    "sh",
    "-c",
  ];
  await runProgram(["chmod", "711", operator.directory, operator.path("storage")]);
  for (const directory of [operator.path("backups"), operator.path("storage/replays")]) {
    await runProgram([...asOwner, `cd "$0" && sha256sum -c checksums.txt && ls -la`, directory]);
  }
  await runProgram([
    ...asOwner,
    'cd "$0" && for f in *.zip; do unzip -tq "$f"; done',
    operator.path("storage/replays"),
  ]);
});

test("psql alone restores the dump on another server, equal to the source", async () => {
  const [dump = ""] = dumpsIn(operator.path("backups"));
  await server.createDatabase("by_hand");
  const file = operator.path("backups", dump);
  await runProgram(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", "by_hand", "-f", file], {
    env: server.env,
  });
  await server.createDatabase("codexdb");
  await server.psql(readFileSync(codexSql, "utf8"), "codexdb", { rows: "3000" });
  const differences = await compareDatabases(
    { env: server.env, database: "codexdb" },
    { env: server.env, database: "by_hand" },
  );
  assert.deepEqual(differences, []);
});

test("unzip alone brings every file back under its own path, equal names in different folders included", async () => {
  const [zip = ""] = readdirSync(operator.path("storage/replays")).filter((name) => name.endsWith(".zip"));
  await runProgram(["unzip", "-q", operator.path("storage/replays", zip), "-d", operator.path("unzipped")]);
  for (const part of ["audit.log", "ledger", "annals"]) {
    await runProgram(["diff", "-r", operator.path("storage", part), operator.path("unzipped", part)]);
  }
});

test("a second run on the same day keeps both dumps and both capsules", async () => {
  const [first = ""] = dumpsIn(operator.path("backups"));
  const bytes = readFileSync(operator.path("backups", first));
  const { code, stderr } = await operator.run("run", "database", "capsule");
  assert.equal(code, 0, stderr);
  const dumps = dumpsIn(operator.path("backups"));
  assert.equal(dumps.length, 2);
  assert.deepEqual(readFileSync(operator.path("backups", first)), bytes);
  assert.equal(
    readdirSync(operator.path("storage/replays")).filter((name) => name.endsWith(".zip")).length,
    2,
  );
  for (const directory of ["backups", "storage/replays"])
    await runProgram(["sha256sum", "--quiet", "-c", "checksums.txt"], { cwd: operator.path(directory) });
});

test("a restore into the container's server is equal, and verify and status agree that all is well", async () => {
  const { document } = await operator.json("list", "--job", "database");
  const restored = await operator.run("restore", document.backups.at(-1).id, "--to", "codexdb_restored");
  assert.equal(restored.code, 0, restored.stderr);
  const count = "SELECT count(*) || ' ' || md5(string_agg(t::text, '' ORDER BY t::text)) FROM audit_logs t";
  assert.equal(await container.psql(count, "codexdb_restored"), await container.psql(count, "codexdb"));
  assert.equal((await operator.run("verify", "--level", "read")).code, 0);
  assert.equal((await operator.run("status")).code, 0);
});

test("a container that is gone fails the run with what to do, and the dumps of before stay", async () => {
  const before = dumpsIn(operator.path("backups"));
  await container.kill();
  const { code, stderr } = await operator.run("run", "database");
  assert.equal(code, 1);
  assert.match(stderr, /docker start codex_postgres/);
  assert.match(stderr, /newest good backup is codexdb_/);
  assert.deepEqual(dumpsIn(operator.path("backups")), before);
});
