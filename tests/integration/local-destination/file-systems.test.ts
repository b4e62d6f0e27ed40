import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Failure } from "../../../src/domain/failure.ts";
import { hasCode, stageBytes } from "../../contract/destination-steps.ts";
import { createTestDirectory, localDestination, withTmpfs } from "./local-directory.ts";

// Real file systems and real users: these tests need root.
const runId = "20261123T010000Z-abc123";
const directories: string[] = [];
after(() => {
  for (const each of directories) rmSync(each, { recursive: true, force: true });
});

function newDirectory(): string {
  const made = createTestDirectory();
  directories.push(made);
  return made;
}

async function initialised(path = newDirectory()) {
  const destination = localDestination(path);
  await destination.initialise();
  return { path, destination };
}

/** What ready() says to the user "nobody". */
function readyAsNobody(path: string): {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
} {
  const id = Number(execFileSync("id", ["-u", "nobody"], { encoding: "utf8" }));
  const script = fileURLToPath(new URL("./ready-report.ts", import.meta.url));
  return JSON.parse(
    execFileSync(process.execPath, [script, path], { uid: id, gid: id, encoding: "utf8", cwd: "/" }),
  );
}

test("a full disk is destination.full with the free bytes, and nothing gets the final name", () =>
  withTmpfs("size=20m", async (path) => {
    const destination = localDestination(path);
    await destination.initialise();
    const staged = await destination.stage("big.sql", runId);
    const writing = (async () => {
      for (let index = 0; index < 40; index++) {
        if (!staged.sink.write(Buffer.alloc(1024 * 1024, index))) await once(staged.sink, "drain");
      }
    })();
    await assert.rejects(writing, (error) => {
      assert.ok(error instanceof Failure && error.code === "destination.full", String(error));
      assert.match(error.message, /big\.sql.*free bytes \d+/);
      return true;
    });
    await assert.rejects(staged.publish(), hasCode("destination.io"));
    await assert.rejects(
      destination.put("small", Buffer.alloc(1024 * 1024), runId),
      hasCode("destination.full"),
    );
    assert.deepEqual(
      (await destination.list()).map((file) => file.name),
      ["RESTORE-v1.md"],
    );
    await staged.discard();
    await destination.put("small", Buffer.alloc(1024 * 1024), runId);
  }));

test("a full disk leaves checksums.txt as it was", () =>
  withTmpfs("size=1m", async (path) => {
    const destination = localDestination(path);
    await destination.initialise();
    await destination.checksums?.add([{ path: "a", sha256: "1".repeat(64) }]);
    const before = readFileSync(join(path, "checksums.txt"), "utf8");
    await assert.rejects(async () => {
      for (let index = 0; ; index++) await destination.put(`f${index}`, Buffer.alloc(4096), runId);
    }, hasCode("destination.full"));
    const many = Array.from({ length: 200 }, (_, index) => ({ path: `b${index}`, sha256: "2".repeat(64) }));
    await assert.rejects(async () => destination.checksums?.add(many));
    assert.equal(readFileSync(join(path, "checksums.txt"), "utf8"), before);
    assert.ok(!readdirSync(path).includes(".checksums.txt.new"));
  }));

test("a read-only mount is not writable, and the hint says how to remount", () =>
  withTmpfs("size=1m", async (path) => {
    const destination = localDestination(path);
    await destination.initialise();
    execFileSync("mount", ["-o", "remount,ro", path]);
    await assert.rejects(destination.ready(), (error) => {
      assert.ok(error instanceof Failure && error.code === "destination.not-writable", String(error));
      assert.match(error.message, /read-only.*mode 0700/);
      assert.match(error.hint ?? "", /remount,rw/);
      return true;
    });
    await assert.rejects(destination.stage("a", runId), hasCode("destination.not-writable"));
    await assert.rejects(
      async () => destination.remove("RESTORE-v1.md"),
      hasCode("destination.not-writable"),
    );
  }));

test("files and new directories belong to the configured owner", async () => {
  const path = join(newDirectory(), "backups");
  const destination = localDestination(path, { owner: { user: "nobody", group: "daemon" } });
  await destination.initialise();
  await destination.ready();
  await (await stageBytes(destination, "a.sql", Buffer.from("x"))).publish();
  await destination.checksums?.add([{ path: "a.sql", sha256: "1".repeat(64) }]);
  const wanted = execFileSync("sh", ["-c", "id -u nobody; id -g daemon"], { encoding: "utf8" })
    .trim()
    .split("\n")
    .map(Number);
  for (const name of [".", ...readdirSync(path)]) {
    const { uid, gid } = statSync(join(path, name));
    if (!name.endsWith("-journal")) assert.deepEqual([uid, gid], wanted, name);
  }
});

test("a user who may not write is told the mode, the owner and the command", async () => {
  const { path } = await initialised();
  chmodSync(path, 0o755);
  for (const name of [".codex-backup", "RESTORE-v1.md"]) chmodSync(join(path, name), 0o644);
  chownSync(path, 0, 0);
  const { code, message, hint } = readyAsNobody(path);
  assert.equal(code, "destination.not-writable");
  assert.match(
    message,
    /permission denied \(directory mode 0755, owner uid 0, group gid 0, this runs as uid \d+\)/,
  );
  assert.match(hint, /sudo chown \d+:\d+ "/);
});

test("SIGKILL in the middle of writing leaves no final name, and the leftover is swept", async () => {
  const { path, destination } = await initialised();
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL("./endless-writer.ts", import.meta.url)), path],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  await once(child.stdout, "data"); // it says when megabytes have been written
  child.kill("SIGKILL");
  await once(child, "exit");
  assert.deepEqual(
    (await destination.list()).map((file) => file.name),
    ["RESTORE-v1.md"],
  );
  const [left] = await destination.listStaged();
  assert.equal(left?.name, "endless.sql");
  assert.ok((left?.sizeBytes ?? 0) > 0);
  await (await destination.resume("endless.sql", left?.runId ?? ""))?.discard();
  assert.deepEqual(await destination.listStaged(), []);
});
