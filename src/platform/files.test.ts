import assert from "node:assert/strict";
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryDirectory } from "../../tests/servers/cleanup.ts";
import { replaceFile, syncDirectory, writeNewFile } from "./files.ts";

/** What was synced while `work` ran: how many bytes a file had then, or that it was a directory. */
async function syncedBy(work: () => Promise<void>): Promise<readonly (number | "directory")[]> {
  const handle = await open(process.execPath);
  const prototype = Object.getPrototypeOf(handle);
  await handle.close();
  const { sync } = prototype;
  const synced: (number | "directory")[] = [];
  prototype.sync = async function (this: typeof handle) {
    const stat = await this.stat();
    synced.push(stat.isDirectory() ? "directory" : stat.size);
    return sync.call(this);
  };
  try {
    await work();
  } finally {
    prototype.sync = sync;
  }
  return synced;
}

test("a new file is synced when all of it is written, and a directory when its names are to last", async () => {
  const home = temporaryDirectory("durable");
  const path = join(home, "file");
  const rights = { mode: 0o600, owner: null };
  assert.deepEqual(await syncedBy(() => writeNewFile(path, Buffer.from("whole"), rights)), [5]);
  assert.equal(await readFile(path, "utf8"), "whole");
  assert.deepEqual(await syncedBy(() => syncDirectory(home)), ["directory"]);
  const how = { ...rights, scratch: join(home, "scratch") };
  assert.deepEqual(await syncedBy(() => replaceFile(path, Buffer.from("other bytes"), how)), [
    11,
    "directory",
  ]);
});
