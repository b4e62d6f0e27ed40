import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { hasCode } from "../../../tests/contract/destination-steps.ts";
import {
  createTestDirectory,
  localDestination,
} from "../../../tests/integration/local-destination/local-directory.ts";
import type { DirectoryChecksums } from "../destination.ts";

const directories: string[] = [];
after(() => {
  for (const each of directories) rmSync(each, { recursive: true, force: true });
});

function fresh(): {
  readonly path: string;
  readonly checksums: DirectoryChecksums;
  readonly text: () => string;
} {
  const path = createTestDirectory();
  directories.push(path);
  const { checksums } = localDestination(path);
  assert.ok(checksums);
  return { path, checksums, text: () => readFileSync(join(path, "checksums.txt"), "latin1") };
}

const hash = (text: string) => createHash("sha256").update(text).digest("hex");
const line = (path: string) => ({ path, sha256: hash(path) });

test("sha256sum -c passes in the directory for every odd name that we add", async () => {
  const { path, checksums } = fresh();
  const names = [
    "a b.zip",
    "new\nline.zip",
    "back\\slash.zip",
    "Bücher.zip",
    "-dash.zip",
    "*star.zip",
    "#hash.zip",
  ];
  for (const name of names) writeFileSync(join(path, name), name);
  await checksums.add(names.map(line));
  execFileSync("sha256sum", ["--check", "--strict", "--quiet", "checksums.txt"], {
    cwd: path,
    stdio: "pipe",
  });
  assert.equal(statSync(join(path, "checksums.txt")).mode & 0o777, 0o600);
  assert.deepEqual(
    readdirSync(path).filter((name) => name.startsWith(".checksums")),
    [],
  );
});

test("the old cron line's file is taken over: its hash stays although the bytes have rotted", async () => {
  const { path, checksums, text } = fresh();
  writeFileSync(join(path, "x.zip"), "as it was");
  const old = execFileSync("sh", ["-c", 'sha256sum "$1"/*.zip > "$1"/checksums.txt', "sh", path]);
  assert.equal(old.length, 0);
  writeFileSync(join(path, "x.zip"), "rotten");
  assert.deepEqual(await checksums.entries(), [{ path: "x.zip", sha256: hash("as it was") }]);
  await assert.rejects(
    checksums.add([{ path: "x.zip", sha256: hash("rotten") }]),
    hasCode("checksums.mismatch"),
  );
  assert.match(text(), new RegExp(`  ${path}/x.zip`), "nothing is rewritten without a change");
  await checksums.add([line("y.zip")]);
  assert.equal(text(), `${hash("as it was")}  x.zip\n${hash("y.zip")}  y.zip\n`);
});

test("a malformed line is told by its number, and nothing is changed", async () => {
  const { path, checksums, text } = fresh();
  const before = `${hash("a")}  a\n<html>\n`;
  writeFileSync(join(path, "checksums.txt"), before);
  await assert.rejects(checksums.entries(), /line 2 is no checksum/);
  await assert.rejects(checksums.add([line("b")]), hasCode("checksums.malformed"));
  assert.equal(text(), before);
});

test("names of others that are not UTF-8 survive our changes byte for byte", async () => {
  const { path, checksums, text } = fresh();
  const theirs = `${hash("x")}  caf\xe9.zip\n`;
  writeFileSync(join(path, "checksums.txt"), theirs, "latin1");
  await checksums.add([line("b")]);
  assert.equal(text(), `${theirs}${hash("b")}  b\n`);
});

test("a leftover of a crashed replacement is no obstacle", async () => {
  const { path, checksums, text } = fresh();
  writeFileSync(join(path, ".checksums.txt.new"), "half");
  await checksums.add([line("a")]);
  assert.equal(text(), `${hash("a")}  a\n`);
});

test("two processes that add at the same time lose nothing", async () => {
  const { path, checksums } = fresh();
  const script = fileURLToPath(
    new URL("../../../tests/integration/local-destination/add-checksums.ts", import.meta.url),
  );
  const children = ["p", "q"].map((prefix) =>
    spawn(process.execPath, [script, path, prefix, "10"], { stdio: "inherit" }),
  );
  const ends = await Promise.all(children.map((child) => once(child, "exit")));
  assert.deepEqual(
    ends.map(([code]) => code),
    [0, 0],
  );
  const names = (await checksums.entries()).map((entry) => entry.path).sort();
  assert.deepEqual(
    names,
    ["p", "q"].flatMap((prefix) => Array.from({ length: 10 }, (_, index) => `${prefix}${index}`)),
  );
});
