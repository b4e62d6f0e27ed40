import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  chmodSync,
  createWriteStream,
  readFileSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { Writable } from "node:stream";
import { test } from "node:test";
import { Failure } from "../domain/failure.ts";
import { type CapsuleProgress, isWholeCapsule } from "./capsule.ts";
import { capsules, freshFolder, makeTree, run, unaborted, writeTo } from "./testing/sample-tree.ts";

const mib = 1024 * 1024;

/** Writes a capsule and calls `meddle` at the first progress: after the walk, before anything was read. */
function writeMeddled(base: string, meddle: (progress: CapsuleProgress) => void) {
  const source = { root: join(base, "root"), include: [], exclude: [] };
  const sink = createWriteStream(join(base, "c.zip"));
  return capsules.write(source, sink, { signal: unaborted, onProgress: meddle });
}

function atFirst(call: () => void): () => void {
  let isDone = false;
  return () => {
    if (!isDone) call();
    isDone = true;
  };
}

test("a file that vanishes between walk and read is a loss; the rest is a good capsule", async (t) => {
  const base = freshFolder(t);
  makeTree(join(base, "root"), {
    gone: { kind: "file", content: "x" },
    kept: { kind: "file", content: "y" },
  });
  const written = await writeMeddled(
    base,
    atFirst(() => unlinkSync(join(base, "root/gone"))),
  );
  assert.deepEqual(written.leftOut, [{ path: "gone", reason: "vanished", isLoss: true }]);
  assert.equal(isWholeCapsule(written), false);
  assert.equal((await capsules.check(join(base, "c.zip"), { signal: unaborted })).length, 1);
});

test("a log that is written to all the time gives a complete capsule with a true beginning of it", async (t) => {
  const base = freshFolder(t);
  const log = join(base, "root/audit.log");
  makeTree(join(base, "root"), { "audit.log": { kind: "file", content: "line 0\n" } });
  const script = `const fs = require("node:fs"), fd = fs.openSync(process.argv[1], "a");
    for (let n = 1; ; n += 1) { fs.writeSync(fd, "line " + n + "\\n"); if (n === 1000) console.log("going"); }`;
  const writer = spawn(process.execPath, ["-e", script, log], { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => writer.kill("SIGKILL"));
  await once(writer.stdout, "data");
  const written = await writeTo(join(base, "c.zip"), join(base, "root"));
  writer.kill("SIGKILL");
  await once(writer, "exit");
  assert.deepEqual(written.leftOut, []);
  assert.notEqual(written.entries[0]?.state, "changed");
  const stream = await capsules.openEntry(join(base, "c.zip"), "audit.log");
  const taken = Buffer.concat(await Array.fromAsync(stream));
  assert.ok(taken.equals(readFileSync(log).subarray(0, taken.length)));
  await capsules.check(join(base, "c.zip"), { signal: unaborted });
});

/** Touches a streamed file once its first piece was read: the sink has its header by then. */
async function streamMeddled(base: string, meddle: (path: string) => void) {
  const path = join(base, "root/big.log");
  const content = Buffer.alloc(20 * mib, "a line of a long log\n");
  makeTree(join(base, "root"), { "big.log": { kind: "file", content } });
  let isDone = false;
  const written = await writeMeddled(base, ({ doneBytes }) => {
    if (doneBytes === 0 || isDone) return;
    isDone = true;
    meddle(path);
  });
  await capsules.check(join(base, "c.zip"), { signal: unaborted });
  return written;
}

test("a streamed file that is appended to is taken to its first size", async (t) => {
  const { entries, leftOut } = await streamMeddled(freshFolder(t), (path) => appendFileSync(path, "more\n"));
  assert.equal(entries[0]?.state, "grown");
  assert.equal(isWholeCapsule({ entries, leftOut }), true);
  assert.equal(entries[0]?.sizeBytes, 20 * mib);
});

test("a streamed file that is cut is changed, and the capsule still reads to its end", async (t) => {
  const { entries, leftOut } = await streamMeddled(freshFolder(t), (path) => truncateSync(path, 3 * mib));
  assert.equal(entries[0]?.state, "changed");
  assert.equal(isWholeCapsule({ entries, leftOut }), false);
  assert.ok((entries[0]?.sizeBytes ?? 0) < 20 * mib);
});

test("a streamed file that is rewritten and grown is changed, not grown", async (t) => {
  const { entries } = await streamMeddled(freshFolder(t), (path) =>
    writeFileSync(path, Buffer.alloc(21 * mib, "something else\n")),
  );
  assert.equal(entries[0]?.state, "changed");
});

test("a root that is missing, no folder, or holds no file fails as such and destroys the sink", async (t) => {
  const base = freshFolder(t);
  makeTree(base, { file: { kind: "file", content: "x" }, "hollow/inner": { kind: "folder" } });
  for (const [root, code] of [
    ["none", "capsule.root-missing"],
    ["file", "capsule.root-missing"],
    ["hollow", "capsule.empty"],
  ] as const) {
    const sink = createWriteStream(join(base, "c.zip"));
    const source = { root: join(base, root), include: [], exclude: [] };
    await assert.rejects(capsules.write(source, sink, { signal: unaborted }), { code });
    assert.equal(sink.destroyed, true);
    await assert.rejects(capsules.estimate(source, unaborted), { code });
  }
});

test("when every file is gone by the time it is read, there is no capsule", async (t) => {
  const base = freshFolder(t);
  makeTree(join(base, "root"), { "dir/a": { kind: "file", content: "x" } });
  await assert.rejects(
    writeMeddled(
      base,
      atFirst(() => rmSync(join(base, "root/dir/a"))),
    ),
    { code: "capsule.empty" },
  );
});

test("an abort ends the write with the signal's reason, a broken sink with its own error", async (t) => {
  const base = freshFolder(t);
  makeTree(join(base, "root"), { big: { kind: "file", content: Buffer.alloc(20 * mib, "x\n") } });
  const source = { root: join(base, "root"), include: [], exclude: [] };
  const aborting = new AbortController();
  const reason = new Failure("run.cancelled", "Cannot go on: cancelled");
  const sink = createWriteStream(join(base, "c.zip"));
  const write = capsules.write(source, sink, {
    signal: aborting.signal,
    onProgress: ({ doneBytes }) => doneBytes > 0 && aborting.abort(reason),
  });
  await assert.rejects(write, (error) => error === reason);
  const full = new Writable({ write: (_chunk, _encoding, done) => done(new Error("disk full")) });
  await assert.rejects(capsules.write(source, full, { signal: unaborted }), /disk full/);
});

test("as another user, unreadable files and folders are losses and the rest is kept", async (t) => {
  const base = freshFolder(t);
  makeTree(join(base, "root"), {
    kept: { kind: "file", content: "x" },
    locked: { kind: "file", content: "x" },
    "closed/x": { kind: "file", content: "x" },
  });
  chmodSync(join(base, "root/locked"), 0);
  chmodSync(join(base, "root/closed"), 0);
  for (const path of [base, join(base, "root")]) chmodSync(path, 0o755);
  const script = `const { createCapsules } = await import(process.argv[1]);
    const { PassThrough } = await import("node:stream");
    const sink = new PassThrough(); sink.resume();
    const source = { root: process.argv[2], include: [], exclude: [] };
    const signal = new AbortController().signal;
    const written = await createCapsules({ threads: 1 }).write(source, sink, { signal });
    console.log(JSON.stringify([written.entries.map((e) => e.path), written.leftOut]));`;
  const node = [process.execPath, "--input-type=module", "-e", script];
  const door = new URL("./zip-capsules.ts", import.meta.url).href;
  const isRoot = process.getuid?.() === 0;
  const drop = isRoot ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : ["env"];
  const [program = "env", ...args] = [...drop, ...node, door, join(base, "root")];
  const { stdout } = await run(program, args);
  assert.deepEqual(JSON.parse(stdout), [
    ["closed/", "kept"],
    [
      { path: "closed/", reason: "unreadable", isLoss: true },
      { path: "locked", reason: "unreadable", isLoss: true },
    ],
  ]);
});
