import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { formatChecksumLine, parseChecksumLine } from "./checksum-line.ts";

const oddNames = [
  "plain.sql",
  "two words.zip",
  " lead",
  "tail ",
  "back\\slash",
  "new\nline",
  "cr\rname",
  "\\n",
  "*star",
  "Bücher 日本.zip",
  "#hash",
  "a  b",
];
const hashOf = (text: string) => createHash("sha256").update(text).digest("hex");

function inDirectory<T>(work: (directory: string) => T): T {
  const directory = mkdtempSync(join(tmpdir(), "checksum-line-"));
  try {
    return work(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

test("sha256sum -c accepts our lines for every odd name", () =>
  inDirectory((directory) => {
    for (const name of oddNames) writeFileSync(join(directory, name), `content of ${name}`);
    const text = oddNames
      .map((path) => formatChecksumLine({ path, sha256: hashOf(`content of ${path}`) }))
      .join("");
    writeFileSync(join(directory, "list"), text);
    execFileSync("sha256sum", ["--check", "--strict", "--quiet", "list"], { cwd: directory, stdio: "pipe" });
  }));

test("sha256sum -c notices one changed byte under our lines", () =>
  inDirectory((directory) => {
    writeFileSync(join(directory, "new\nline"), "after");
    writeFileSync(
      join(directory, "list"),
      formatChecksumLine({ path: "new\nline", sha256: hashOf("before") }),
    );
    assert.throws(() => execFileSync("sha256sum", ["--check", "list"], { cwd: directory, stdio: "pipe" }));
  }));

test("our lines are byte for byte what sha256sum prints, and its lines parse back", () =>
  inDirectory((directory) => {
    for (const path of oddNames) {
      writeFileSync(join(directory, path), path);
      const printed = execFileSync("sha256sum", ["--", path], { cwd: directory, encoding: "utf8" });
      const line = { path, sha256: hashOf(path) };
      assert.equal(formatChecksumLine(line), printed);
      assert.deepEqual(parseChecksumLine(printed.slice(0, -1)), line);
    }
  }));

test("binary mode and upper-case hashes are read", () => {
  const hash = hashOf("x");
  assert.deepEqual(parseChecksumLine(`${hash.toUpperCase()} *x.zip`), { path: "x.zip", sha256: hash });
});

test("what is no checksum line is null", () => {
  for (const text of ["", "hello", `${hashOf("x").slice(1)}  x`, `${hashOf("x")} x`, `${hashOf("x")}  `]) {
    assert.equal(parseChecksumLine(text), null, text);
  }
});

test("any name survives format and parse", () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: "binary" }), (path) => {
      const line = { path, sha256: hashOf(path) };
      const text = formatChecksumLine(line);
      assert.equal(text.indexOf("\n"), text.length - 1);
      assert.deepEqual(parseChecksumLine(text.slice(0, -1)), line);
    }),
  );
});
