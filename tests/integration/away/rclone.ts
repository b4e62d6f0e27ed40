import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { describe, test } from "node:test";
import type { Destination } from "../../../src/destinations/destination.ts";
import { createRcloneDestination } from "../../../src/destinations/folder/rclone/rclone-destination.ts";
import type { RcloneSettings } from "../../../src/destinations/folder/rclone/settings.ts";
import { describeDestinationContract } from "../../contract/destination-contract.ts";
import { contentOf, hasCode, namesOf, runId, stageBytes } from "../../contract/destination-steps.ts";
import { describeWireFaults } from "../../contract/wire-faults.ts";
import { temporaryDirectory } from "../../servers/cleanup.ts";
import { startRcloneServer } from "../../servers/rclone.ts";
import { farTraits, remoteDeps } from "../folders/remote-deps.ts";

const root = temporaryDirectory("rclone");
const configFile = join(root, "rclone.conf");
writeFileSync(configFile, `[here]\ntype = alias\nremote = ${root}\n`);
const env = { PATH: "/usr/bin:/bin", HOME: root };

function destinationAt(remote: string, changes: Partial<RcloneSettings> = {}): Destination {
  const settings = { name: "away", remote, configFile, program: "rclone", args: [], env, ...changes };
  return createRcloneDestination({ ...settings, traits: farTraits("rclone") }, remoteDeps());
}

let folders = 0;
function freshFolder(): string {
  folders += 1;
  const path = join(root, `f${folders}`);
  mkdirSync(path);
  return path;
}

describeDestinationContract("a folder behind rclone", async () => {
  const remote = `here:${freshFolder().slice(root.length + 1)}`;
  return { destination: destinationAt(remote), reopen: () => destinationAt(remote), close: async () => {} };
});

test("its space is told, and what it is not sure of too", async () => {
  const destination = destinationAt(freshFolder());
  await destination.initialise();
  const { freeBytes, totalBytes, warnings } = await destination.look();
  assert.ok(freeBytes !== null && totalBytes !== null && freeBytes > 0 && freeBytes < totalBytes);
  assert.match(warnings.join(), /looked up before they are taken/);
});

/** A program in front of rclone that does something else for one command. */
function wrapper(command: string, script: string): string {
  const path = join(freshFolder(), "rclone");
  writeFileSync(
    path,
    `#!/bin/bash\nif [[ " $* " == *" ${command} "* ]]; then ${script}; fi\nexec rclone "$@"\n`,
  );
  chmodSync(path, 0o755);
  return path;
}

describe("whatever rclone does, nothing is called stored that is not:", () => {
  const bytes = randomBytes(400_000);
  const cases: readonly (readonly [title: string, script: string, code: Parameters<typeof hasCode>[0]])[] = [
    ["it ends well and stored a half", `head -c 200000 | rclone "$@"; exit`, "destination.io"],
    ["it ends well and stored nothing", "cat >/dev/null; exit 0", "destination.io"],
    ["it stops reading and ends well", "exit 0", "destination.io"],
    ["it dies in the middle", `head -c 100000 >/dev/null; kill -9 $$`, "destination.io"],
    [
      "the connection is cut",
      `head -c 9 >/dev/null; echo '2026/11/23 01:00:00 Failed to rcat: dial tcp 10.0.0.1:443: i/o timeout' >&2; exit 1`,
      "destination.unreachable",
    ],
    [
      "the storage is full",
      `cat >/dev/null; echo 'Failed to rcat: write /x: no space left on device' >&2; exit 1`,
      "destination.full",
    ],
    [
      "the password is wrong",
      `cat >/dev/null; echo "Failed to rcat: Unauthorized: 401 Unauthorized" >&2; exit 1`,
      "destination.denied",
    ],
  ];
  for (const [title, script, code] of cases) {
    test(title, async () => {
      const path = freshFolder();
      const destination = destinationAt(path, { program: wrapper("rcat", script) });
      const staged = await destination.stage("a.sql", runId);
      const pieces = Array.from({ length: 8 }, (_, index) =>
        bytes.subarray(index * 50_000, (index + 1) * 50_000),
      );
      await assert.rejects(
        pipeline(Readable.from(pieces, { objectMode: false }), staged.sink),
        hasCode(code),
      );
      await assert.rejects(staged.publish());
      await staged.discard();
      assert.deepEqual(readdirSync(path), []);
    });
  }
});

describe("whatever rclone does, what is read is whole or fails:", () => {
  const cases = [
    ["it ends well after the half", `rclone "$@" | head -c 100; exit 0`, "destination.unreachable"],
    ["it brings more than there is", `rclone "$@"; echo more; exit 0`, "destination.unreachable"],
    [
      "it fails after the last byte",
      `rclone "$@"; echo 'Failed to cat: corrupted' >&2; exit 1`,
      "destination.io",
    ],
  ] as const;
  for (const [title, script, code] of cases) {
    test(title, async () => {
      const path = freshFolder();
      writeFileSync(join(path, "a.sql"), randomBytes(10_000));
      const destination = destinationAt(path, { program: wrapper("cat", script) });
      await assert.rejects(async () => contentOf(await destination.open("a.sql")), hasCode(code));
    });
  }
});

test("a stream that is given up ends its rclone, and one that is discarded leaves nothing", async () => {
  const path = freshFolder();
  const pidFile = join(freshFolder(), "pid");
  const destination = destinationAt(path, {
    program: wrapper("rcat", `echo $$ > ${pidFile}; exec rclone "$@"`),
  });
  const staged = await destination.stage("a.sql", runId);
  await new Promise((resolve) => staged.sink.write(randomBytes(300_000), resolve));
  await staged.discard();
  const pid = readFileSync(pidFile, "utf8").trim();
  assert.ok(!existsSync(`/proc/${pid}`), "the sink's end is the program's end");
  assert.deepEqual(readdirSync(path), []);
});

test("a name that is taken is not overwritten, also when it was free at the look", async () => {
  const path = freshFolder();
  const late = `printf theirs > ${path}/a.sql; rclone "$@"; exit`;
  const destination = destinationAt(path, { program: wrapper("moveto", late) });
  const staged = await stageBytes(destination, "a.sql", Buffer.from("ours and longer"));
  await assert.rejects(staged.publish());
  assert.equal(readFileSync(join(path, "a.sql"), "utf8"), "theirs");
  assert.deepEqual(
    (await destination.listStaged()).map(({ name }) => name),
    ["a.sql"],
  );
});

test("what the remote does not let us remove is retained", async () => {
  const path = freshFolder();
  writeFileSync(join(path, "a.sql"), "x");
  const refused = `echo 'ERROR : a.sql: AccessDenied: object is under retention' >&2; exit 1`;
  const destination = destinationAt(path, { program: wrapper("deletefile", refused) });
  assert.equal(await destination.remove("a.sql"), "retained");
  assert.deepEqual(await namesOf(destination), ["a.sql"]);
});

describe("what must be mended first is told:", () => {
  test("rclone is not installed", async () => {
    const destination = destinationAt("here:", { program: "/nowhere/rclone" });
    await assert.rejects(destination.list(), hasCode("platform.child"));
  });
  test("rclone is too old", async () => {
    const program = wrapper("version", "echo rclone v1.53.3; exit 0");
    await assert.rejects(destinationAt("here:", { program }).list(), (error: Error) => {
      assert.match(error.message, /rclone 1\.53, and 1\.56 is the oldest/);
      return true;
    });
  });
  test("the remote is not in its configuration", async () => {
    await assert.rejects(destinationAt("elsewhere:x").list(), hasCode("destination.missing"));
  });
  test("the folder is not there", async () => {
    await assert.rejects(destinationAt("here:none").list(), hasCode("destination.missing"));
  });
  test("a remote that is described in place is shown without what may be secret", () => {
    const destination = destinationAt(":sftp,host=h,pass=hunter2:folder");
    assert.equal(destination.location, ":sftp:folder");
  });
});

describeWireFaults(
  "a folder behind rclone's webdav remote",
  async () => {
    const { port } = await startRcloneServer(freshFolder());
    const args = ["--timeout", "2s", "--contimeout", "2s", "--low-level-retries", "1"];
    const open = (at: number) =>
      destinationAt(`:webdav,vendor=other,url="http://127.0.0.1:${at}":f`, { args });
    return { serverPort: port, open };
  },
  { sizeBytes: 400_000, cuts: 2, among: /cut once .* up|altered on the way down/ },
);
