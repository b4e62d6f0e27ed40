import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openBlocks } from "./block-reader.ts";

const mebibyte = 1024 * 1024;
const translate = (error: unknown) => new Error(`translated ${String(error)}`);

async function withFile(
  bytes: Buffer,
  work: (path: string) => Promise<void>,
  root = tmpdir(),
): Promise<void> {
  const directory = mkdtempSync(join(root, "blocks-"));
  const path = join(directory, "file");
  writeFileSync(path, bytes);
  const file = await open(path);
  await file.sync();
  await file.close();
  try {
    await work(path);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

async function hashOf(stream: AsyncIterable<Buffer>): Promise<string> {
  const hash = createHash("sha256");
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk); // kept, so that a buffer used twice would show
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest("hex");
}

for (const sizeBytes of [
  0,
  1,
  511,
  512,
  mebibyte - 1,
  mebibyte,
  mebibyte + 1,
  5 * mebibyte,
  7 * mebibyte + 513,
]) {
  test(`${sizeBytes} bytes are read whole, past the cache and through it`, () => {
    const bytes = randomBytes(sizeBytes);
    const expected = createHash("sha256").update(bytes).digest("hex");
    return withFile(bytes, async (path) => {
      for (const direct of [true, false]) {
        const { stream, isDirect } = await openBlocks(path, { direct, translate });
        assert.equal(await hashOf(stream), expected);
        if (!direct) assert.equal(isDirect, false);
      }
    });
  });
}

test("a file that is cut while it is read fails the stream: it never just ends early", () =>
  withFile(randomBytes(8 * mebibyte), async (path) => {
    const { stream } = await openBlocks(path, { direct: false, translate });
    truncateSync(path, 100);
    await assert.rejects(hashOf(stream), /translated.*it ends at byte/);
  }));

test("a missing file is an error at once", async () => {
  await assert.rejects(openBlocks("/nonexistent/file", { direct: true, translate }), { code: "ENOENT" });
});
