import assert from "node:assert/strict";
import { test } from "node:test";
import { createMemoryDestination } from "../../tests/fakes/memory-destination.ts";
import { readBirthHashes, readOwnHash } from "./own-hash.ts";

const a = "a".repeat(64);
const b = "b".repeat(64);

test("every file of every backup is known by its hash at birth, however sha256sum wrote the line", async () => {
  const destination = createMemoryDestination();
  await destination.put("one.sha256", Buffer.from(`${a}  one.zip\n${b} *one.manifest.json`), "run");
  await destination.put("two.sha256", Buffer.from(`\\${b}  t\\\\wo.zip\n`), "run");
  await destination.put("checksums.txt", Buffer.from(`${a}  foreign.zip\n`), "run");
  assert.deepEqual(Object.fromEntries(await readBirthHashes(destination)), {
    "one.zip": { sha256: a, source: "one.sha256" },
    "one.manifest.json": { sha256: b, source: "one.sha256" },
    "t\\wo.zip": { sha256: b, source: "two.sha256" },
  });
});

test("a line that is no checksum is told apart from a line that is missing", async () => {
  const destination = createMemoryDestination();
  await destination.put("one.sha256", Buffer.from(`${a}  one.zip\nrubbish\n`), "run");
  assert.deepEqual(await readOwnHash(destination, "one.sha256"), {
    lines: [{ path: "one.zip", sha256: a }],
    isWellFormed: false,
  });
});
