import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { Failure } from "../domain/failure.ts";
import { type LockAttempt, type LockHolder, tryFileLock } from "./file-lock.ts";

const root = mkdtempSync(join(tmpdir(), "file-lock-"));
chmodSync(root, 0o755); // for the test that runs as another user
after(() => rmSync(root, { recursive: true }));

let locks = 0;
const newPath = () => join(root, `job-${locks++}.db`);
const us: LockHolder = {
  host: "host",
  bootId: "boot",
  pid: process.pid,
  runId: "ours",
  since: "2026-11-23T01:00:00Z",
};

function take(path: string, holder = us): Extract<LockAttempt, { kind: "held" }>["lock"] {
  const attempt = tryFileLock(path, holder);
  assert.ok(attempt.kind === "held", "the lock is free");
  return attempt.lock;
}

/** Another process that tries to take the lock, says how it went, and stays until it is killed. */
async function rival(path: string, options: { readonly uid?: number } = {}) {
  const script = `
    const { tryFileLock } = await import(${JSON.stringify(import.meta.resolve("./file-lock.ts"))});
    const holder = { ...${JSON.stringify(us)}, pid: process.pid, runId: "theirs" };
    try {
      globalThis.kept = tryFileLock(${JSON.stringify(path)}, holder);
      console.log(JSON.stringify(globalThis.kept));
    } catch (error) {
      console.log(JSON.stringify({ kind: "threw", code: error.code, message: error.message }));
    }
    setInterval(() => {}, 1000);`;
  const args = ["--input-type=module", "-e", script];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"], ...options });
  const [said] = await once(child.stdout, "data");
  return { child, said: JSON.parse(String(said)) };
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill("SIGKILL");
  await once(child, "exit");
}

test("of two processes one gets the lock, and the other is told who has it", async () => {
  const path = newPath();
  const { child, said } = await rival(path);
  assert.equal(said.kind, "held");
  assert.deepEqual(tryFileLock(path, us), {
    kind: "busy",
    holder: { ...us, pid: child.pid, runId: "theirs" },
  });
  await kill(child);
});

test("a holder that is killed frees the lock at once, and the next one's name replaces its own", async () => {
  const path = newPath();
  const { child } = await rival(path);
  await kill(child);
  const lock = take(path);
  const later = await rival(path);
  assert.equal(later.said.holder.runId, "ours");
  lock.release();
  await kill(later.child);
});

test("within one process the lock holds too", () => {
  const path = newPath();
  const lock = take(path);
  const again = tryFileLock(path, { ...us, runId: "second" });
  assert.deepEqual(again, { kind: "busy", holder: us });
  lock.release();
  lock.release();
  take(path).release();
});

test("a failed attempt does not disturb the holder", async () => {
  const path = newPath();
  const lock = take(path);
  assert.equal(tryFileLock(path, us).kind, "busy");
  const { child, said } = await rival(path);
  assert.equal(said.kind, "busy");
  await kill(child);
  lock.release();
});

test("locks of different jobs do not touch each other", () => {
  const locks = [take(newPath()), take(newPath())];
  for (const lock of locks) lock.release();
});

test("many attempts at once are won by exactly one", async () => {
  const path = newPath();
  const rivals = await Promise.all(Array.from({ length: 5 }, () => rival(path)));
  assert.equal(rivals.filter(({ said }) => said.kind === "held").length, 1);
  await Promise.all(rivals.map(({ child }) => kill(child)));
});

test("a holder whose name cannot be read is still a holder", () => {
  const path = newPath();
  const lock = take(path);
  for (const text of ["", "{", "null", '{"pid":"1"}']) {
    writeFileSync(`${path}.holder`, text);
    assert.deepEqual(tryFileLock(path, us), { kind: "busy", holder: null });
  }
  lock.release();
});

test("when the holder's name cannot be written, the lock is not kept", () => {
  const path = newPath();
  mkdirSync(`${path}.holder`);
  assert.throws(() => tryFileLock(path, us), isLockFailure(path));
  rmSync(`${path}.holder`, { recursive: true });
  take(path).release();
});

test("a directory that is not there, and a file that is no lock, are named", () => {
  const missing = join(root, "missing", "job.db");
  assert.throws(() => tryFileLock(missing, us), isLockFailure(missing));
  const foreign = newPath();
  writeFileSync(foreign, "this is no SQLite file, and long enough to be seen as none ".repeat(20));
  assert.throws(() => tryFileLock(foreign, us), isLockFailure(foreign));
});

test("a directory that cannot be written is named", async () => {
  const directory = join(root, "read-only");
  mkdirSync(directory, { mode: 0o555 });
  const path = join(directory, "job.db");
  // root may write everywhere, so root asks as another user
  const isRoot = process.getuid?.() === 0;
  const { child, said } = await rival(path, isRoot ? { uid: 65534 } : {});
  assert.deepEqual([said.kind, said.code], ["threw", "platform.lock"]);
  assert.ok(said.message.includes(path));
  await kill(child);
});

function isLockFailure(path: string) {
  return (error: unknown) =>
    error instanceof Failure &&
    error.code === "platform.lock" &&
    error.message.includes(path) &&
    error.hint !== null;
}
