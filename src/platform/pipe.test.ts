import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { startChild } from "./child.ts";
import { openPipe } from "./pipe.ts";

const env = { PATH: "/usr/bin:/bin" };

test("a pipe handed on late loses no byte", async () => {
  const pipe = await openPipe();
  const producer = await startChild({ program: "seq", args: ["1", "200000"], env, stdout: pipe.inputFd });
  await pipe.closeInput();
  for (let turn = 0; turn < 50; turn++) await setImmediate();
  const consumer = await startChild({
    program: "sha256sum",
    args: [],
    env,
    stdin: pipe.output,
    stdout: "pipe",
  });
  pipe.output.destroy();
  assert.ok(consumer.stdout);
  const expected = createHash("sha256");
  for (let line = 1; line <= 200_000; line++) expected.update(`${line}\n`);
  assert.equal(await text(consumer.stdout), `${expected.digest("hex")}  -\n`);
  assert.deepEqual(await producer.ended, { kind: "exited", code: 0, stderr: "" });
});

test("a pipe read in this process ends when its writer does", async () => {
  const pipe = await openPipe();
  await startChild({ program: "seq", args: ["1", "100000"], env, stdout: pipe.inputFd });
  await pipe.closeInput();
  const seen = await text(pipe.output);
  assert.equal(seen.length, 588_895);
  assert.ok(seen.endsWith("\n100000\n"));
});

test("a pipe given up in the middle of a read is closed once the writer has let go", async () => {
  const pipe = await openPipe();
  const producer = await startChild({ program: "cat", args: [], env, stdin: "pipe", stdout: pipe.inputFd });
  await pipe.closeInput();
  pipe.output.once("data", () => assert.fail("nothing was written"));
  pipe.output.read(0);
  const closed = new Promise((settle) => pipe.output.once("close", () => settle("closed")));
  pipe.output.destroy();
  producer.stdin?.end();
  assert.equal(await closed, "closed");
  assert.deepEqual(await producer.ended, { kind: "exited", code: 0, stderr: "" });
});
