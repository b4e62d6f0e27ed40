import assert from "node:assert/strict";
import { openSync, readdirSync, rmSync, writeSync } from "node:fs";
import { test } from "node:test";
import { createOperator, type Operator } from "./cli-tool.ts";

const config = `version: 1
state: state
destinations:
  replays: { path: replays }
jobs:
  capsule:
    capsule: { root: tree }
    to: [replays]
`;

async function createBackedUp(): Promise<Operator> {
  const operator = createOperator(config);
  await operator.run("destination", "init", "--all");
  const { code, stderr } = await operator.run("run", "capsule");
  assert.equal(code, 0, stderr);
  const { document } = await operator.json("list");
  await operator.run("hold", document.backups[0].id, "--why", "kept");
  return operator;
}

function damage(path: string): void {
  for (const part of ["-wal", "-shm"]) rmSync(path + part, { force: true });
  writeSync(openSync(path, "r+"), Buffer.alloc(3000, 0xa5), 0, 3000, 100);
}

async function backupsOf(operator: Operator) {
  const { document } = await operator.json("list");
  return document.backups.map(({ id, held, level }: Record<string, unknown>) => ({ id, held, level }));
}

test("a damaged catalog is told with what mends it, and the rebuild keeps backups and holds", async () => {
  const operator = await createBackedUp();
  const before = await backupsOf(operator);
  damage(operator.path("state/catalog.db"));
  const told = await operator.run("list");
  assert.equal(told.code, 1);
  assert.match(told.stderr, /catalog rebuild/);
  const { code, stderr } = await operator.run("catalog", "rebuild");
  assert.equal(code, 0, stderr);
  assert.deepEqual(await backupsOf(operator), before);
  assert.equal(before[0].held, true);
  assert.ok(readdirSync(operator.path("state")).some((name) => name.startsWith("catalog.db.damaged-")));
});

test("a damaged catalog does not cost a night: the run mends it and goes on", async () => {
  const operator = await createBackedUp();
  const before = await backupsOf(operator);
  damage(operator.path("state/catalog.db"));
  const { code, stderr } = await operator.run("run", "capsule");
  assert.equal(code, 0, stderr);
  assert.match(stderr, /catalog was damaged/);
  const after = await backupsOf(operator);
  assert.equal(after.length, 2);
  assert.deepEqual(after[1], before[0]);
});

test("a catalog of a newer version is refused and left as it is", async () => {
  const operator = await createBackedUp();
  const { DatabaseSync } = await import("node:sqlite");
  const database = new DatabaseSync(operator.path("state/catalog.db"));
  database.exec("PRAGMA user_version = 999");
  database.close();
  for (const argv of [["list"], ["run", "capsule"], ["catalog", "rebuild"]]) {
    const { code, stderr } = await operator.run(...argv);
    assert.equal(code, 1);
    assert.match(stderr, /newer/);
  }
  assert.deepEqual(
    readdirSync(operator.path("state")).filter((name) => name.includes("damaged")),
    [],
  );
});
