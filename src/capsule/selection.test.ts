import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure } from "../domain/failure.ts";
import { createSelection } from "./selection.ts";

function taken(include: readonly string[], exclude: readonly string[], path: string): boolean {
  return createSelection({ include, exclude }).verdict(path) === "taken";
}

test("each piece of the dialect takes what it names and nothing else", () => {
  const rows: readonly (readonly [string, string, boolean])[] = [
    ["audit.log", "audit.log", true],
    ["audit.log", "auditXlog", false],
    ["audit.log", "old/audit.log", false],
    ["./ledger/", "ledger", true],
    ["ledger", "ledger/2026/a.json", true],
    ["ledger", "ledgers", false],
    ["ledger/**", "ledger", true],
    ["ledger/**", "ledger/a/b", true],
    ["**/*.json", "a.json", true],
    ["**/*.json", "x/y/a.json", true],
    ["**/*.json", "x/y/a.txt", false],
    ["a/**/z", "a/z", true],
    ["a/**/z", "a/b/c/z", true],
    ["*.log", ".hidden.log", true],
    ["*.log", "sub/a.log", false],
    ["?.txt", "é.txt", true],
    ["?.txt", "ab.txt", false],
    ["[a-c]x", "bx", true],
    ["[!a-c]x", "bx", false],
    ["[!a-c]x", "dx", true],
    ["{audit,error}.log", "error.log", true],
    ["{a,b/{c,d}}/*", "b/d/file", true],
    ["{a,b/{c,d}}/*", "b/file", false],
    ["\\*.txt", "*.txt", true],
    ["\\*.txt", "a.txt", false],
    ["\\{a,b}", "{a,b}", true],
    ["a+(b).txt", "a+(b).txt", true],
    ["[", "[", true],
    ["*\n*", "a\nb", true],
  ];
  for (const [pattern, path, expected] of rows) {
    assert.equal(taken([pattern], [], path), expected, `${pattern} on ${path}`);
  }
});

test("without include everything is taken, and exclude wins over include", () => {
  assert.equal(taken([], [], "any/thing"), true);
  assert.equal(taken([], ["any"], "any/thing"), false);
  assert.equal(taken(["any/**"], ["**/*.tmp"], "any/x.tmp"), false);
  assert.equal(taken(["any/**"], ["**/*.tmp"], "any/x"), true);
});

test("only folders that can lead to something taken are entered", () => {
  const { mayContain } = createSelection({ include: ["ledger/2026/*.json", "**/deep"], exclude: [] });
  assert.equal(mayContain("anything"), true);
  const narrow = createSelection({ include: ["ledger/2026/*.json"], exclude: [] });
  assert.equal(narrow.mayContain("ledger"), true);
  assert.equal(narrow.mayContain("ledger/2026"), true);
  assert.equal(narrow.mayContain("ledger/2025"), false);
  assert.equal(narrow.mayContain("private"), false);
});

test("what must be there is the part of each pattern before its first wildcard", () => {
  const { literalHeads } = createSelection({
    include: ["audit.log", "ledger/**", "{a,b}/c/*.x", "*.y"],
    exclude: [],
  });
  assert.deepEqual(literalHeads, ["audit.log", "ledger", "a/c", "b/c"]);
});

test("a pattern that means nothing is refused, not ignored", () => {
  assert.throws(
    () => createSelection({ include: ["[z-a]"], exclude: [] }),
    (error) => error instanceof Failure && error.code === "config.invalid",
  );
});
