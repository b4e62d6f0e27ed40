import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { type TestContext, test } from "node:test";
import { type FilePlace, withLocalFile } from "./local-file.ts";

function freshFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "codex-local-file-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function elsewhere(workPath: string, stream: () => Readable): FilePlace {
  return { localPath: null, open: async () => ({ stream: stream() }), workPath };
}

test("a file from elsewhere is lent as a copy, also where no work directory is yet", async (t) => {
  const work = join(freshFolder(t), "state/work");
  const place = elsewhere(work, () => Readable.from([Buffer.from("content")]));
  assert.equal(await withLocalFile(place, async (path) => readFileSync(path, "utf8")), "content");
  assert.deepEqual(readdirSync(work), []);
});

test("when the copy breaks off, the path is named and nothing is left", async (t) => {
  const work = freshFolder(t);
  const error = Object.assign(new Error("read failed"), { code: "EIO" });
  const place = elsewhere(work, () => Readable.from([Buffer.from("part")]).destroy(error));
  await assert.rejects(
    withLocalFile(place, async () => assert.fail("used although it is not whole")),
    { code: "platform.file", message: /^Cannot copy to ".*\/file": EIO$/ },
  );
  assert.deepEqual(readdirSync(work), []);
});

test("a work directory that cannot be made is named", async (t) => {
  const taken = join(freshFolder(t), "taken");
  writeFileSync(taken, "");
  const place = elsewhere(join(taken, "work"), () => Readable.from([]));
  await assert.rejects(
    withLocalFile(place, async () => {}),
    { code: "platform.file", message: `Cannot copy to "${join(taken, "work")}": ENOTDIR` },
  );
});

test("what a killed process left of a plain copy is gone with the next one; a living one's is not", async (t) => {
  const workPath = freshFolder(t);
  const open = async () => ({ stream: Readable.from([Buffer.from("secret")]) });
  for (const name of [
    "plain-boot1-7-aaaaaa",
    "plain-boot1-8-bbbbbb",
    "plain-boot0-8-cccccc",
    "fetched-dddddd",
  ]) {
    mkdirSync(join(workPath, name));
    writeFileSync(join(workPath, name, "file"), "secret");
  }
  const host = { pid: 9, bootId: "boot-1", isAlive: (pid: number) => pid !== 7 };
  await withLocalFile({ localPath: null, open, workPath, host }, async (path) => {
    assert.match(path, /plain-boot1-9-/);
    assert.deepEqual(
      readdirSync(workPath)
        .filter((name) => !path.includes(name))
        .sort(),
      ["fetched-dddddd", "plain-boot1-8-bbbbbb"],
    );
  });
  assert.equal(readdirSync(workPath).length, 2);
});
