import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { describeDestinationContract } from "../../../tests/contract/destination-contract.ts";
import { contentOf, hasCode, stageBytes } from "../../../tests/contract/destination-steps.ts";
import {
  createTestDirectory,
  localDestination,
} from "../../../tests/integration/local-destination/local-directory.ts";
import { Failure } from "../../domain/failure.ts";

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

describeDestinationContract("the local destination", async () => {
  const path = newDirectory();
  return {
    destination: localDestination(path),
    reopen: () => localDestination(path),
    close: async () => rmSync(path, { recursive: true }),
  };
});

test("files are 0600 and directories 0700 from their first byte, whatever the umask", async () => {
  const path = join(newDirectory(), "deep", "backups");
  const before = process.umask(0);
  try {
    const destination = localDestination(path);
    await destination.initialise();
    const staged = await destination.stage("a.sql", runId);
    assert.equal(modeOf(join(path, `.a.sql.partial-${runId}`)), 0o600);
    staged.sink.end();
    await once(staged.sink, "finish");
    await staged.publish();
    for (const name of readdirSync(path)) assert.equal(modeOf(join(path, name)), 0o600, name);
    assert.deepEqual([modeOf(path), modeOf(join(path, ".."))], [0o700, 0o700]);
  } finally {
    process.umask(before);
  }
});

test("a umask that takes everything away takes nothing from us", async () => {
  const before = process.umask(0o777);
  try {
    const { path, destination } = await initialised();
    await destination.put("a", Buffer.from("x"), runId);
    assert.equal(modeOf(join(path, "a")), 0o600);
  } finally {
    process.umask(before);
  }
});

test("a directory that everybody can read is a warning with the command that closes it", async () => {
  const { path, destination } = await initialised();
  assert.deepEqual((await destination.ready()).warnings, []);
  chmodSync(path, 0o755);
  const { warnings, freeBytes, totalBytes } = await destination.ready();
  assert.match(warnings.join(), /mode 0755\): chmod 0700 "/);
  assert.ok(freeBytes !== null && totalBytes !== null && freeBytes > 0 && freeBytes <= totalBytes);
});

test("a directory that everybody may write to is refused with the command that closes it, a sticky one is not", async () => {
  const { path, destination } = await initialised();
  chmodSync(path, 0o777);
  for (const ask of [destination.ready, destination.look]) {
    await assert.rejects(ask(), (error) => {
      assert.ok(error instanceof Failure && error.code === "destination.world-writable");
      assert.match(error.hint ?? "", /chmod 0700/);
      return true;
    });
  }
  chmodSync(path, 0o1777);
  assert.match((await destination.ready()).warnings.join(), /mode 0777/);
});

test("an empty mount point is refused with the command to run, and nothing is written into it", async () => {
  const path = newDirectory();
  await assert.rejects(localDestination(path).ready(), (error) => {
    assert.ok(error instanceof Failure && error.code === "destination.sentinel-missing");
    assert.match(error.hint ?? "", /codex-backup destination init backups/);
    return true;
  });
  assert.deepEqual(readdirSync(path), []);
  await assert.rejects(localDestination(join(path, "none")).ready(), hasCode("destination.missing"));
});

test("a sentinel that is not ours is not replaced", async () => {
  const { path, destination } = await initialised();
  for (const text of ["", "{}", "[]", '{"id": 7}', "garbage"]) {
    writeFileSync(join(path, ".codex-backup"), text);
    await assert.rejects(destination.ready(), hasCode("destination.sentinel-foreign"));
    await assert.rejects(destination.initialise(), hasCode("destination.sentinel-foreign"));
    assert.equal(readFileSync(join(path, ".codex-backup"), "utf8"), text);
  }
});

test("initialise keeps an edited restore page", async () => {
  const { path, destination } = await initialised();
  writeFileSync(join(path, "RESTORE-v1.md"), "ours");
  await destination.initialise();
  assert.equal(readFileSync(join(path, "RESTORE-v1.md"), "utf8"), "ours");
});

test("probes of killed checks are swept after an hour", async () => {
  const { path, destination } = await initialised();
  const old = join(path, ".codex-backup.probe-old");
  writeFileSync(old, "");
  utimesSync(old, 0, 0);
  writeFileSync(join(path, ".codex-backup.probe-new"), "");
  await destination.ready();
  assert.deepEqual(
    readdirSync(path).filter((name) => name.includes("probe")),
    [".codex-backup.probe-new"],
  );
});

test("a crash between link and unlink is finished by the next publish", async () => {
  const { path, destination } = await initialised();
  const staged = await stageBytes(destination, "a.sql", Buffer.from("x"));
  linkSync(join(path, `.a.sql.partial-${runId}`), join(path, "a.sql"));
  const resumed = await localDestination(path).resume("a.sql", runId);
  await resumed?.publish();
  assert.deepEqual(
    readdirSync(path).filter((name) => name.includes("a.sql")),
    ["a.sql"],
  );
  await staged.publish();
});

test("a staged file that somebody swept away is told, not invented", async () => {
  const { path, destination } = await initialised();
  const staged = await stageBytes(destination, "a.sql", Buffer.from("x"));
  unlinkSync(join(path, `.a.sql.partial-${runId}`));
  await assert.rejects(staged.publish(), hasCode("destination.not-found"));
});

test("only regular files are listed, and a link under a backup's name is not followed", async () => {
  const { path, destination } = await initialised();
  mkdirSync(join(path, "folder"));
  writeFileSync(join(path, ".hidden"), "");
  symlinkSync("/etc/passwd", join(path, "latest.sql"));
  execFileSync("mkfifo", [join(path, "pipe.sql")]);
  assert.deepEqual(
    (await destination.list()).map((file) => file.name),
    ["RESTORE-v1.md"],
  );
  for (const name of ["latest.sql", "pipe.sql", "folder"]) {
    assert.equal(await destination.stat(name), null);
    await assert.rejects(async () => destination.open(name), hasCode("destination.not-found"), name);
  }
});

test("10,000 files are listed, each once and in order", async () => {
  const { path, destination } = await initialised();
  const names = Array.from({ length: 10_000 }, (_, index) => `f${index}`);
  for (const name of names) writeFileSync(join(path, name), "");
  const listed = (await destination.list()).map((file) => file.name);
  assert.deepEqual(listed, ["RESTORE-v1.md", ...names].sort());
});

test("a direct read says so only where the kernel reads the medium, and both give the same bytes", async () => {
  const { destination } = await initialised();
  const bytes = Buffer.alloc(2 * 1024 * 1024 + 513, "direct");
  await (await stageBytes(destination, "a", bytes)).publish();
  const plain = await destination.open("a");
  assert.equal(plain.source, "cached");
  assert.deepEqual(await contentOf(plain), bytes);
  assert.deepEqual(await contentOf(await destination.open("a", { direct: true })), bytes);
});

test("an unknown owner is told by name before anything is written", async () => {
  const { path } = await initialised();
  const destination = localDestination(path, { owner: { user: "no-such-user", group: null } });
  await assert.rejects(destination.ready(), (error) => {
    assert.ok(error instanceof Failure && error.code === "destination.owner");
    assert.match(error.message, /no user "no-such-user"/);
    return true;
  });
});

test("a location with a slash at its end is the same place", async () => {
  const { path } = await initialised();
  assert.equal(localDestination(`${path}//`).location, path);
});

function modeOf(path: string): number {
  return statSync(path).mode & 0o777;
}
