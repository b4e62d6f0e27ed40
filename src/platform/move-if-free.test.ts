import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { moveIfFree } from "./move-if-free.ts";

async function inDirectory(work: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "move-"));
  try {
    await work(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const noLinks = async () => {
  throw Object.assign(new Error("link: operation not permitted"), { code: "EPERM" });
};

for (const [how, link] of [
  ["by link", undefined],
  ["without hard links", noLinks],
] as const) {
  test(`a file moves to a free name ${how}`, () =>
    inDirectory(async (directory) => {
      writeFileSync(join(directory, "-a"), "new");
      assert.equal(await moveIfFree(join(directory, "-a"), join(directory, "b c"), link), true);
      assert.deepEqual(readdirSync(directory), ["b c"]);
    }));

  test(`a taken name is left alone ${how}`, () =>
    inDirectory(async (directory) => {
      writeFileSync(join(directory, "a"), "new");
      writeFileSync(join(directory, "b"), "old");
      assert.equal(await moveIfFree(join(directory, "a"), join(directory, "b"), link), false);
      assert.equal(readFileSync(join(directory, "b"), "utf8"), "old");
      assert.equal(readFileSync(join(directory, "a"), "utf8"), "new");
    }));

  test(`of many movers to one name ${how}, exactly one succeeds`, () =>
    inDirectory(async (directory) => {
      const names = Array.from({ length: 8 }, (_, index) => `m${index}`);
      for (const name of names) writeFileSync(join(directory, name), name);
      const moved = await Promise.all(
        names.map((name) => moveIfFree(join(directory, name), join(directory, "to"), link)),
      );
      assert.equal(moved.filter(Boolean).length, 1);
      assert.equal(readFileSync(join(directory, "to"), "utf8"), names[moved.indexOf(true)]);
      assert.equal(readdirSync(directory).length, 8);
    }));
}

test("an error that has nothing to do with links is thrown", () =>
  inDirectory(async (directory) => {
    await assert.rejects(moveIfFree(join(directory, "none"), join(directory, "to")), { code: "ENOENT" });
  }));
