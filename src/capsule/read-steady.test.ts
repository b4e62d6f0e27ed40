import assert from "node:assert/strict";
import { test } from "node:test";
import { readSteady } from "./read-steady.ts";
import { fakeFile, type Moment } from "./testing/fake-tree.ts";

function readThrough(moments: readonly Moment[], openFails?: string) {
  const door = fakeFile(moments, openFails);
  const seen = readSteady(door, "/f", Buffer.alloc(64));
  const text = seen.kind === "read" ? `${seen.state} ${seen.content}` : seen;
  return { seen: text, door };
}

test("a file that nobody touches is read once and stable", () => {
  const { seen, door } = readThrough([{ content: "hello" }]);
  assert.equal(seen, "stable hello");
  assert.equal(door.opened, 1);
});

test("a file that was only appended to is taken to its first size", () => {
  const { seen, door } = readThrough([{ content: "line 1\n" }, { content: "line 1\nline 2\n", stamp: "2" }]);
  assert.equal(seen, "grown line 1\n");
  assert.equal(door.opened, 1, "a log that is always written to needs no retry");
});

test("a file that grew and was rewritten as well is read again, not called grown", () => {
  const { seen, door } = readThrough([
    { content: "aaaa" },
    { content: "bbbbbb", stamp: "2" },
    { content: "bbbbbb", stamp: "2" },
  ]);
  assert.equal(seen, "stable bbbbbb");
  assert.equal(door.opened, 2);
});

test("a rewrite of the same size shows by its times, and calm later gives a stable read", () => {
  const { seen, door } = readThrough([
    { content: "aaaa", stamp: "1" },
    { content: "bbbb", stamp: "2" },
    { content: "bbbb", stamp: "2" },
  ]);
  assert.equal(seen, "stable bbbb");
  assert.deepEqual(door.pauses, [10]);
});

test("a file that never comes to rest is taken as changed after three retries", () => {
  const moments = Array.from({ length: 20 }, (_, n) => ({ content: "same", stamp: String(n) }));
  const { seen, door } = readThrough(moments);
  assert.equal(seen, "changed same");
  assert.equal(door.opened, 4);
});

test("a file that shrinks while it is read is never stable", () => {
  const moments = Array.from({ length: 20 }, (_, n) => ({ content: "x".repeat(40 - n), stamp: String(n) }));
  const { seen } = readThrough(moments);
  assert.match(String(seen), /^changed x+$/);
});

test("what cannot be opened says why", () => {
  for (const [errno, reason] of [
    ["ENOENT", "vanished"],
    ["EACCES", "unreadable"],
    ["EIO", "unreadable"],
    ["ELOOP", "changed-type"],
    ["ENXIO", "changed-type"],
  ] as const) {
    assert.deepEqual(readThrough([{}], errno).seen, { kind: "left-out", reason });
  }
});

test("a fifo in the file's place is recognised after opening and not read", () => {
  const { seen } = readThrough([{ kind: "fifo", readFails: "EAGAIN" }]);
  assert.deepEqual(seen, { kind: "left-out", reason: "changed-type" });
});

test("an I/O error in the middle leaves the file out as unreadable", () => {
  const { seen } = readThrough([{ content: "hello", readFails: "EIO" }]);
  assert.deepEqual(seen, { kind: "left-out", reason: "unreadable" });
});

test("a file reached through a folder swapped for a link is not taken", () => {
  const { seen } = readThrough([{ content: "root:x:0", liesAt: "/etc/shadow" }]);
  assert.deepEqual(seen, { kind: "left-out", reason: "vanished" });
});

test("a file that outgrew memory is handed on for streaming", () => {
  assert.deepEqual(readThrough([{ content: "x".repeat(65) }]).seen, { kind: "large" });
});
