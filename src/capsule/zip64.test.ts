import assert from "node:assert/strict";
import { closeSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { crc32 } from "node:zlib";
import { decodeLarge } from "./decode-large.ts";
import { rawOf } from "./raw-name.ts";
import { openZip, rowOf, type ZipRow } from "./read-zip.ts";
import { forgeCapsule } from "./testing/forge-zip.ts";
import { capsules, freshFolder, run, unaborted } from "./testing/sample-tree.ts";
import { dataDescriptor, localHeader, type ZipLimits, type ZipRecord, zipLimits } from "./zip-layout.ts";
import { createZipWriter } from "./zip-writer.ts";

const names = `import sys, zipfile
z = zipfile.ZipFile(sys.argv[1])
i = z.infolist()
print(len(i), i[-1].filename, i[-1].header_offset, max(x.file_size for x in i), z.read(i[-1]).decode()[:5])`;

test("more than 65,535 entries are all there, for us and for Python", async (t) => {
  const zip = join(freshFolder(t), "many.zip");
  const count = 65_600;
  forgeCapsule(
    zip,
    Array.from({ length: count }, (_, n) => ({ raw: String(n).padStart(6, "0"), content: "x" })),
  );
  const entries = await capsules.check(zip, { signal: unaborted });
  assert.equal(entries.length, count);
  const { stdout } = await run("python3", ["-c", names, zip]);
  assert.equal(stdout.split(" ")[0], String(count + 1));
});

function recordOf(raw: string, content: Buffer, more: Partial<ZipRecord> = {}): ZipRecord {
  const sizes = { compressedBytes: content.length, sizeBytes: content.length, crc32: crc32(content) };
  return { raw, method: 0, ...sizes, mode: 0o100644, modifiedMs: 0, isStreamed: false, ...more };
}

test("an entry above 4 GiB, and one that starts behind it, are found by us and by Python", async (t) => {
  const zip = join(freshFolder(t), "huge.zip");
  const piece = Buffer.alloc(16 * 1024 * 1024);
  const pieces = 260;
  let crc = 0;
  for (let n = 0; n < pieces; n += 1) crc = crc32(piece, crc);
  const sizeBytes = pieces * piece.length;
  assert.ok(sizeBytes > 2 ** 32);
  const huge = recordOf("huge", piece, {
    crc32: crc,
    sizeBytes,
    compressedBytes: sizeBytes,
    isStreamed: true,
  });
  const behind = recordOf("behind", Buffer.from("hello"));
  const writer = createZipWriter(zipLimits);
  const descriptor = openSync(zip, "w");
  let at = 0;
  const put = (bytes: Buffer) => {
    at += writeSync(descriptor, bytes, 0, bytes.length, at);
  };
  put(localHeader(huge, zipLimits));
  at += sizeBytes; // a hole: the zeros take no room
  put(dataDescriptor(huge));
  writer.add(huge, at);
  const start = at;
  put(localHeader(behind, zipLimits));
  put(Buffer.from("hello"));
  writer.add(behind, at - start);
  for (const bytes of writer.finish()) put(bytes);
  ftruncateSync(descriptor, at);
  closeSync(descriptor);
  const { stdout } = await run("python3", ["-c", names, zip]);
  assert.equal(stdout.trim(), `2 behind ${start} ${sizeBytes} hello`);
  const handle = await open(zip);
  t.after(() => handle.close());
  const rows = new Map<string, ZipRow>();
  for await (const entry of (await openZip({ path: zip, handle, sizeBytes: at })).eachEntry()) {
    rows.set(
      rawOf(entry.fileNameRaw),
      rowOf(entry, rawOf(entry.fileNameRaw), entry.relativeOffsetOfLocalHeader),
    );
  }
  assert.equal(rows.get("huge")?.sizeBytes, sizeBytes);
  assert.equal(rows.get("behind")?.offset, start);
});

test("each number that does not fit its field takes the zip64 form, read alike by others", async (t) => {
  const base = freshFolder(t);
  for (const limits of [
    { entries: 1, bytes: 0xffffffff },
    { entries: 0xffff, bytes: 1 },
    { entries: 0xffff, bytes: 40 },
  ] satisfies readonly ZipLimits[]) {
    const zip = join(base, `${limits.entries}-${limits.bytes}.zip`);
    const writer = createZipWriter(limits);
    const descriptor = openSync(zip, "w");
    for (const raw of ["first", "second"]) {
      const record = recordOf(raw, Buffer.from("hello"));
      const bytes = Buffer.concat([localHeader(record, limits), Buffer.from("hello")]);
      writeSync(descriptor, bytes);
      writer.add(record, bytes.length);
    }
    for (const bytes of writer.finish()) writeSync(descriptor, bytes);
    closeSync(descriptor);
    const found = await capsules.checkForeign(zip, { signal: unaborted });
    assert.deepEqual(
      found.map((entry) => entry.path),
      ["first", "second"],
    );
    const { stdout } = await run("python3", ["-c", names, zip]);
    assert.match(stdout, /^2 second \d+ 5 hello/);
    await run("unzip", ["-tqq", zip]);
  }
});

test("decoding stops as soon as more comes than the header admits", async (t) => {
  const path = join(freshFolder(t), "stored");
  const descriptor = openSync(path, "w");
  ftruncateSync(descriptor, 10);
  closeSync(descriptor);
  const handle = await open(path);
  t.after(() => handle.close());
  const span = { start: 0, compressedBytes: 10, sizeBytes: 5, method: 0, crc32: 0 } as const;
  await assert.rejects(Array.fromAsync(decodeLarge(handle, span)), /more than 5 bytes/);
});
