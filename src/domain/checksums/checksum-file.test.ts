import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  addEntries,
  dropEntries,
  entriesOf,
  formatChecksumFile,
  fromByteString,
  parseChecksumFile,
  replaceEntry,
  toByteString,
} from "./checksum-file.ts";

const home = "/opt/Super-Codex-AI/storage/replays";
const a = "a".repeat(64);
const b = "b".repeat(64);
const c = "c".repeat(64);
const read = (text: string) => parseChecksumFile(text, home);

test("a file without its last newline gets one, so that an added entry starts a line of its own", () => {
  const { file } = addEntries(read(`${a}  x.zip`), [{ path: "y.zip", sha256: b }]);
  assert.equal(formatChecksumFile(file), `${a}  x.zip\n${b}  y.zip\n`);
});

test("CRLF lines are entries without the carriage return", () => {
  const file = read(`${a}  x.zip\r\n${b}  y.zip\r\n`);
  assert.deepEqual(
    entriesOf(file).map((line) => line.path),
    ["x.zip", "y.zip"],
  );
  assert.equal(formatChecksumFile(file), `${a}  x.zip\n${b}  y.zip\n`);
});

test("paths of the old cron lines count for the bare name; the path is mended, the hash is not touched", () => {
  const file = read(`${a}  ${home}/x.zip\n${b}  storage/replays/y.zip\n${c}  ./z.zip\n`);
  assert.equal(formatChecksumFile(file), `${a}  x.zip\n${b}  y.zip\n${c}  z.zip\n`);
  const again = addEntries(file, [{ path: "x.zip", sha256: b }]);
  assert.deepEqual(again.conflicts, [{ path: "x.zip", sha256: b }]);
});

test("paths that lead elsewhere stay as they are", () => {
  const text = `${a}  /opt/other/x.zip\n${b}  sub/y.zip\n${c}  ${home}/sub/z.zip\n`;
  assert.equal(formatChecksumFile(read(text)), text);
  assert.deepEqual(
    entriesOf(read(text)).map((line) => line.path),
    ["/opt/other/x.zip", "sub/y.zip", `${home}/sub/z.zip`],
  );
});

test("entries, comments and the order of others survive every change byte for byte", () => {
  const text = `# made by hand\n${a} *bin.zip\n\n${b}  caf\xe9.zip\n`;
  const added = addEntries(read(text), [{ path: "é.zip", sha256: c }]).file;
  assert.equal(formatChecksumFile(added), `${text}${c}  \xc3\xa9.zip\n`);
  assert.equal(formatChecksumFile(dropEntries(added, new Set(["é.zip", "unknown"]))), text);
});

test("malformed lines are told by their number", () => {
  assert.deepEqual(read(`${a}  x\nnonsense\n${b}  y\n<html>\n`).malformed, [2, 4]);
});

test("adding what is there changes nothing, and a second hash for a name is a conflict", () => {
  const file = read(`${a}  x.zip\n`);
  assert.equal(formatChecksumFile(addEntries(file, [{ path: "x.zip", sha256: a }]).file), `${a}  x.zip\n`);
  assert.equal(addEntries(file, [{ path: "x.zip", sha256: b }]).conflicts.length, 1);
  const twice = addEntries(file, [
    { path: "n", sha256: a },
    { path: "n", sha256: b },
  ]);
  assert.deepEqual(twice.conflicts, [{ path: "n", sha256: b }]);
});

test("an accepted hash stands where the old one stood, and doubles go", () => {
  const file = read(`${a}  x\n${b}  y\n${c}  x\n`);
  const replaced = replaceEntry(file, { path: "x", sha256: b });
  assert.ok(replaced);
  assert.equal(formatChecksumFile(replaced), `${b}  x\n${b}  y\n`);
  assert.equal(replaceEntry(file, { path: "unknown", sha256: b }), null);
});

test("any set of names written by us is read back the same", () => {
  const name = fc.string({ minLength: 1, unit: "grapheme" }).filter((text) => !/[/\0]/.test(text));
  fc.assert(
    fc.property(fc.uniqueArray(name, { maxLength: 20 }), (names) => {
      const lines = names.map((path) => ({ path, sha256: a }));
      const { file } = addEntries(read(""), lines);
      assert.deepEqual(entriesOf(read(formatChecksumFile(file))), lines);
    }),
  );
});

test("byte strings are UTF-8 and come back", () => {
  assert.equal(toByteString("é日"), Buffer.from("é日", "utf8").toString("latin1"));
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) =>
      assert.equal(fromByteString(toByteString(text)), text),
    ),
  );
});
