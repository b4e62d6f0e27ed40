import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import {
  capsules,
  freshFolder,
  makeTree,
  pictureOf,
  run,
  unaborted,
  writeTo,
} from "./testing/sample-tree.ts";

const big = Buffer.from(
  Array.from({ length: 300_000 }, (_, n) => `${n * 7919} of a line that is streamed\n`).join(""),
);
const tree = {
  "audit.log": { kind: "file", content: "hello\n".repeat(1000) },
  "big.log": { kind: "file", content: big },
  "empty/": { kind: "folder" },
  nothing: { kind: "file", content: "" },
  "deep/er/\xc3\xa9t\xc3\xa9 \xf0\x9f\x98\x80.txt": { kind: "file", content: "utf-8" },
  "deep/raw\xe9\xfe.bin": { kind: "file", content: "not utf-8" },
  "deep/link": { kind: "link", target: "../audit.log" },
  "deep/dangling": { kind: "link", target: "no/where" },
} as const;

const env = { PATH: "/usr/local/bin:/usr/bin:/bin", LC_ALL: "C.UTF-8", HOME: "/tmp" };

test("unzip restores the tree as it was: names by their bytes, links, modes, seconds", async (t) => {
  const base = freshFolder(t);
  const [root, zip, out] = [join(base, "root"), join(base, "c.zip"), join(base, "out")];
  makeTree(root, tree);
  await writeTo(zip, root);
  await run("unzip", ["-tqq", zip], { env });
  await run("unzip", ["-qq", "-X", zip, "-x", "codex-capsule.json", "-d", out], { env });
  assert.deepEqual(inSeconds(pictureOf(out)), inSeconds(pictureOf(root)));
});

test("Python's zipfile tests and reads every entry, and zip -T accepts the file", async (t) => {
  const base = freshFolder(t);
  const [root, zip] = [join(base, "root"), join(base, "c.zip")];
  makeTree(root, tree);
  const { entries } = await writeTo(zip, root);
  const script = [
    "import sys, zipfile, hashlib",
    "z = zipfile.ZipFile(sys.argv[1])",
    "assert z.testzip() is None",
    "print('\\n'.join(hashlib.sha256(z.read(i)).hexdigest() for i in z.infolist()[:-1] if not i.is_dir()))",
  ];
  const { stdout } = await run("python3", ["-c", script.join("\n"), zip]);
  const hashes = entries.flatMap(({ sha256 }) => sha256 ?? []);
  assert.deepEqual(stdout.trim().split("\n"), hashes);
  await run("zip", ["-T", zip], { env });
});

test("zips of Python and of zip are read to their end, and damage in them is found", async (t) => {
  const base = freshFolder(t);
  const [root, zip] = [join(base, "root"), join(base, "old.zip")];
  makeTree(root, tree);
  await run("zip", ["-q", "-r", "-y", zip, "."], { cwd: root, env });
  const found = await capsules.checkForeign(zip, { signal: unaborted });
  await writeTo(join(base, "ours.zip"), root);
  const ours = await capsules.checkForeign(join(base, "ours.zip"), { signal: unaborted });
  const hashesOf = (entries: typeof found) => new Set(entries.map(({ type, sha256 }) => `${type} ${sha256}`));
  assert.deepEqual(hashesOf(found), hashesOf(ours.slice(0, -1)));
  const script =
    "import sys; b = bytearray(open(sys.argv[1], 'rb').read()); b[len(b) // 2] ^= 4; open(sys.argv[1], 'wb').write(b)";
  await run("python3", ["-c", script, zip]);
  await assert.rejects(capsules.checkForeign(zip, { signal: unaborted }), { code: "capsule.unreadable" });
  await assert.rejects(capsules.check(zip, { signal: unaborted }), { code: "capsule.unreadable" });
});

/** unzip knows whole seconds only, and no times of links. */
function inSeconds(picture: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const entries = Object.entries(picture).map(([name, facts]) => [
    name,
    facts.replace(/^((?:file|folder) \d+ \d+)\d{3}/, "$1").replace(/^link \d+/, "link"),
  ]);
  return Object.fromEntries(entries);
}
