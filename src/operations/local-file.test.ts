import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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
