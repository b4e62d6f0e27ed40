import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { test } from "node:test";
import { temporaryDirectory } from "../../tests/servers/cleanup.ts";
import { Failure } from "../domain/failure.ts";
import { instant } from "../domain/instant.ts";
import { openRotatingFile } from "./rotating-file.ts";

const dayMs = 86_400_000;
const now = () => instant(Date.parse("2026-11-23T02:00:00Z"));
const limits = { maxBytes: 100, maxFiles: 3, maxAgeMs: 30 * dayMs };
const line = (number: number) => `${String(number).padStart(9, "0")}\n`;

function linesIn(path: string): readonly string[] {
  const names = readdirSync(dirname(path)).filter((name) => name.startsWith(basename(path)));
  return names.flatMap((name) => readFileSync(join(dirname(path), name), "utf8").split("\n")).filter(Boolean);
}

test("the file never outgrows its limit, keeps the newest lines and is private", async () => {
  const path = join(await temporaryDirectory("log"), "deep", "a.log");
  const log = openRotatingFile(path, limits, now);
  for (let number = 1; number <= 95; number++) log.write(line(number));
  log.close();
  log.close();
  assert.deepEqual(readdirSync(dirname(path)).sort(), ["a.log", "a.log.1", "a.log.2", "a.log.3"]);
  for (const name of readdirSync(dirname(path))) assert.ok(statSync(join(dirname(path), name)).size <= 100);
  assert.deepEqual(
    linesIn(path)
      .map(Number)
      .sort((a, b) => a - b),
    Array.from({ length: 35 }, (_, i) => 61 + i),
  );
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(statSync(dirname(path)).mode & 0o777, 0o700);
});

test("a line longer than the limit is kept whole, in a file of its own", async () => {
  const path = join(await temporaryDirectory("log"), "a.log");
  const log = openRotatingFile(path, limits, now);
  const long = `${"x".repeat(300)}\n`;
  log.write(line(1));
  log.write(long);
  log.write(line(2));
  log.close();
  assert.equal(readFileSync(path, "utf8"), line(2));
  assert.equal(readFileSync(`${path}.1`, "utf8"), long);
});

test("an old log is gone on, not begun anew; what is older than the age goes at the next turn", async () => {
  const path = join(await temporaryDirectory("log"), "a.log");
  const write = (number: number) => {
    const log = openRotatingFile(path, limits, now);
    log.write(line(number));
    log.close();
  };
  for (let number = 1; number <= 11; number++) write(number);
  assert.equal(linesIn(path).length, 11);
  const old = (now() - 31 * dayMs) / 1000;
  utimesSync(`${path}.1`, old, old);
  for (let number = 12; number <= 21; number++) write(number);
  assert.equal(existsSync(`${path}.2`), false);
  assert.ok(existsSync(`${path}.1`));
});

test("a file that logrotate moves away, or somebody removes, is written anew under its name", async () => {
  const path = join(await temporaryDirectory("log"), "a.log");
  const log = openRotatingFile(path, limits, now);
  log.write(line(1));
  renameSync(path, `${path}-20261123`);
  log.write(line(2));
  rmSync(path);
  log.write(line(3));
  log.close();
  assert.equal(readFileSync(`${path}-20261123`, "utf8"), line(1));
  assert.equal(readFileSync(path, "utf8"), line(3));
  assert.equal(log.droppedLines(), 0);
});

test("what cannot be written is counted and ends nothing", async () => {
  const log = openRotatingFile("/dev/full", { ...limits, maxBytes: 1e9 }, now);
  log.write(line(1));
  assert.equal(log.droppedLines(), 1);
  log.close();
  log.write(line(2));
  assert.equal(log.droppedLines(), 2);
});

test("a path that cannot be opened is told with the way out", () => {
  assert.throws(
    () => openRotatingFile("/etc/passwd/a.log", limits, now),
    (thrown: unknown) => {
      assert.ok(thrown instanceof Failure);
      assert.equal(thrown.code, "platform.file");
      assert.match(thrown.message, /^Cannot open log "\/etc\/passwd\/a\.log": /);
      return true;
    },
  );
});

test("several processes that write and turn the same log lose no line and mix none", async () => {
  const path = join(await temporaryDirectory("log"), "a.log");
  const module = join(import.meta.dirname, "rotating-file.ts");
  const body = `
    const { openRotatingFile } = await import(${JSON.stringify(module)});
    const log = openRotatingFile(${JSON.stringify(path)}, { maxBytes: 20_000, maxFiles: 50, maxAgeMs: 1e12 }, Date.now);
    for (let number = 0; number < 500; number++) log.write(process.argv[1] + "-" + number + "-" + "y".repeat(60) + "\\n");
    if (log.droppedLines() > 0) process.exit(3);`;
  const args = ["--input-type=module", "--eval", body];
  const children = ["a", "b", "c"].map((name) =>
    spawn(process.execPath, [...args, name], { stdio: "inherit" }),
  );
  const ends = await Promise.all(children.map((child) => once(child, "close")));
  assert.deepEqual(ends, [
    [0, null],
    [0, null],
    [0, null],
  ]);
  const lines = linesIn(path);
  assert.equal(lines.filter((text) => /^[abc]-\d+-y{60}$/.test(text)).length, 1500);
  assert.equal(new Set(lines).size, 1500);
});
