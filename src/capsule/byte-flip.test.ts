import assert from "node:assert/strict";
import { readFileSync, utimesSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Failure } from "../domain/failure.ts";
import { formatStableJson } from "../domain/json.ts";
import { decodeBatch } from "./decode-entries.ts";
import { openCapsule } from "./open-capsule.ts";
import { capsules, freshFolder, makeTree, unaborted, writeTo } from "./testing/sample-tree.ts";

/**
 * What check() does, without its workers: they would make some thousand starts of threads out of this test. The
 * capsule's items with the hashes of their content; null when damage was found.
 */
async function readAll(path: string): Promise<string | null> {
  try {
    const { handle, items } = await openCapsule(path);
    try {
      const hashed = decodeBatch({ descriptor: handle.fd, spans: items.map(({ row }) => row) });
      const isGood = items.every(({ entry }, index) => {
        const outcome = hashed[index];
        return outcome?.kind === "good" && (entry.sha256 === null || outcome.sha256 === entry.sha256);
      });
      return isGood ? formatStableJson(items.map(({ entry }) => entry)) : null;
    } finally {
      await handle.close();
    }
  } catch (error) {
    assert.ok(error instanceof Failure, `damage must come out as a Failure: ${error}`);
    return null;
  }
}

test("every flipped byte is found, or changes nothing that a capsule says", async (t) => {
  const base = freshFolder(t);
  makeTree(join(base, "root"), {
    "dir/text": { kind: "file", content: "hello hello hello hello hello\n" },
    "dir/link": { kind: "link", target: "text" },
    "raw\xff": { kind: "file", content: "\x01\x02" },
  });
  // A fixed time, so that every run flips the same bytes.
  utimesSync(join(base, "root/dir"), 1_700_000_000, 1_700_000_000);
  const zip = join(base, "c.zip");
  await writeTo(zip, join(base, "root"));
  const good = readFileSync(zip);
  const truth = await readAll(zip);
  const checked = await capsules.check(zip, { signal: unaborted });
  assert.equal(truth, formatStableJson(checked), "this reader and check() agree");
  const flipped = join(base, "flipped.zip");
  const harmless = new Map<number, number>();
  for (let flip = 0; flip < good.length * 2; flip += 1) {
    // Each byte twice: one bit, a different one from byte to byte, and all of them.
    const at = flip >> 1;
    const bytes = Buffer.from(good);
    bytes[at] = (bytes[at] ?? 0) ^ (flip % 2 === 0 ? 1 << (at & 7) : 0xff);
    writeFileSync(flipped, bytes);
    const seen = await readAll(flipped);
    if (seen === null) continue;
    assert.equal(seen, truth, `byte ${at} changed what is read and went unnoticed`);
    harmless.set(at, (harmless.get(at) ?? 0) + 1);
  }
  const unexpected = [...harmless.keys()].filter((at) => !isHarmless(good, at));
  const shown = unexpected.map((at) => `${at}: ${good.subarray(at - 4, at + 8).toString("hex")}`);
  assert.deepEqual(shown, [], "each of these bytes must be noticed");
});

/**
 * Of each central header: the low byte of "version made by", the disk number, and the permissions of the list itself;
 * and in deflated content the bits that only fill up a byte, at its end and before an empty stored block.
 */
function isHarmless(good: Buffer, at: number): boolean {
  for (
    let header = good.indexOf("PK\x01\x02");
    header >= 0;
    header = good.indexOf("PK\x01\x02", header + 4)
  ) {
    const isList = good
      .subarray(header + 46)
      .toString("latin1")
      .startsWith("codex-capsule.json");
    const free = [4, 34, 35, ...(isList ? [40, 41] : [])];
    if (free.includes(at - header)) return true;
  }
  const next = good.subarray(at + 1, at + 5).toString("latin1");
  return next === "PK\x03\x04" || next === "PK\x01\x02" || next === "\x00\x00\xff\xff";
}

test("a closed handle does not stay behind when opening fails", async (t) => {
  const path = join(freshFolder(t), "none.zip");
  writeFileSync(path, "no zip");
  const before = await open(path).then(async (handle) => {
    const { fd } = handle;
    await handle.close();
    return fd;
  });
  await assert.rejects(openCapsule(path), { code: "capsule.unreadable" });
  const again = await open(path);
  assert.equal(again.fd, before);
  await again.close();
});
