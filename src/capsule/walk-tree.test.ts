import assert from "node:assert/strict";
import { mkdirSync, symlinkSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { createSelection } from "./selection.ts";
import { systemError } from "./testing/fake-tree.ts";
import { freshFolder, makeTree, run } from "./testing/sample-tree.ts";
import { type FileFacts, systemTree, type TreeDoor } from "./tree-door.ts";
import { walkTree } from "./walk-tree.ts";

const everything = createSelection({ include: [], exclude: [] });
const file = { kind: "file", content: "x" } as const;

test("names come sorted by bytes, dotfiles, empty folders and links included", (t) => {
  const root = freshFolder(t);
  makeTree(root, {
    "b/.hidden": file,
    "b.txt": file,
    "a/": { kind: "folder" },
    "\xff": file,
    "\xc3\xa9": file,
  });
  symlinkSync("nowhere", join(root, "link"));
  const { found, leftOut } = walkTree(root, everything, systemTree);
  const names = found.map(({ raw }) => raw);
  assert.deepEqual(names, ["a/", "b.txt", "b/", "b/.hidden", "link", "\xc3\xa9", "\xff"]);
  assert.equal(found[4]?.kind, "symlink");
  assert.deepEqual(leftOut, []);
});

test("a link to a folder above is kept as a link and not entered", (t) => {
  const root = freshFolder(t);
  makeTree(root, { "sub/file": file, "sub/up": { kind: "link", target: ".." } });
  const names = walkTree(root, everything, systemTree).found.map(({ raw }) => raw);
  assert.deepEqual(names, ["sub/", "sub/file", "sub/up"]);
});

test("fifos and sockets are recorded as expected, and never opened", async (t) => {
  const root = freshFolder(t);
  await run("mkfifo", [join(root, "pipe")]);
  const server = createServer().listen(join(root, "socket"));
  t.after(() => server.close());
  await new Promise((resolve) => server.once("listening", resolve));
  const { found, leftOut } = walkTree(root, everything, systemTree);
  assert.deepEqual(found, []);
  assert.deepEqual(leftOut, [
    { path: "pipe", reason: "fifo", isLoss: false },
    { path: "socket", reason: "socket", isLoss: false },
  ]);
});

test("a folder mounted into itself ends the descent", () => {
  // Real ones need mount rights: the door shows the same identity again below.
  const folder = (identity: string): FileFacts => ({
    kind: "directory",
    sizeBytes: 0,
    mode: 0o040755,
    modifiedMs: 0,
    touchedMs: 0,
    identity,
    stamp: "1",
  });
  const door: TreeDoor = {
    ...systemTree,
    list: (path) => (path === "/r" ? ["a"] : ["again"]),
    factsAt: (path) => folder(path.endsWith("again") ? "1:1" : path),
  };
  const { leftOut, found } = walkTree("/r", everything, {
    ...door,
    factsAt: (path) => (path === "/r" ? folder("1:1") : door.factsAt(path)),
  });
  assert.deepEqual(leftOut, [{ path: "a/again/", reason: "cycle", isLoss: false }]);
  assert.deepEqual(
    found.map(({ raw }) => raw),
    ["a/"],
  );
});

test("what cannot be looked at or listed is a loss with its reason; the rest is found", (t) => {
  const root = freshFolder(t);
  makeTree(root, { gone: file, "locked/x": file, kept: file });
  const door: TreeDoor = {
    ...systemTree,
    factsAt(path) {
      if (path.endsWith("/gone")) throw systemError("ENOENT");
      return systemTree.factsAt(path);
    },
    list(path) {
      if (path.endsWith("/locked")) throw systemError("EACCES");
      return systemTree.list(path);
    },
  };
  const { found, leftOut } = walkTree(root, everything, door);
  assert.deepEqual(leftOut, [
    { path: "gone", reason: "vanished", isLoss: true },
    { path: "locked/", reason: "unreadable", isLoss: true },
  ]);
  assert.deepEqual(
    found.map(({ raw }) => raw),
    ["kept", "locked/"],
  );
});

test("folders leading to something taken are listed, others not even entered", (t) => {
  const root = freshFolder(t);
  makeTree(root, {
    "ledger/2026/a.json": file,
    "ledger/2025/b.json": file,
    "private/x": file,
    "audit.log": file,
  });
  const listed: string[] = [];
  const door: TreeDoor = {
    ...systemTree,
    list(path) {
      listed.push(path.slice(root.length));
      return systemTree.list(path);
    },
  };
  const selection = createSelection({ include: ["ledger/2026/*"], exclude: [] });
  const { found } = walkTree(root, selection, door);
  assert.deepEqual(
    found.map(({ raw }) => raw),
    ["ledger/", "ledger/2026/", "ledger/2026/a.json"],
  );
  assert.deepEqual(listed, ["", "/ledger", "/ledger/2026"]);
});

test("a named path that is not there is a loss, a wildcard that matches nothing is not", (t) => {
  const root = freshFolder(t);
  makeTree(root, { "audit.log": file });
  mkdirSync(join(root, "annals"));
  const selection = createSelection({
    include: ["audit.log", "ledger/**", "annals/**", "*.txt"],
    exclude: [],
  });
  const { found, leftOut } = walkTree(root, selection, systemTree);
  assert.deepEqual(leftOut, [{ path: "ledger", reason: "missing", isLoss: true }]);
  assert.deepEqual(
    found.map(({ raw }) => raw),
    ["annals/", "audit.log"],
  );
});
