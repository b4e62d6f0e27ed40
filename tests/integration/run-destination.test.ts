import assert from "node:assert/strict";
import { chmodSync, chownSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { RunReport } from "../../src/domain/runs/run-report.ts";
import { capsuleJob, postgresJob } from "../fakes/real-context.ts";
import { loadCodex } from "../fixtures/codex.ts";
import { afterUs, temporaryDirectory } from "../servers/cleanup.ts";
import { type PostgresTestServer, startPostgres } from "../servers/postgres.ts";
import { runProgram } from "../servers/run-program.ts";
import { sourceOf } from "./postgres-at.ts";
import {
  assertFailed,
  assertFailsAndHeals,
  assertSound,
  assertUntouched,
  openScene,
  published,
  runOne,
  runWell,
  withDestination,
} from "./run-scene.ts";

let server: PostgresTestServer;

before(async () => {
  server = await startPostgres();
  await loadCodex(server, { rows: 200 });
});

after(() => server.stop());

/** A file system of a test's own in place of `backups`, gone with this process. */
async function homeWithFileSystem(size: string): Promise<string> {
  const home = temporaryDirectory("disk");
  const directory = join(home, "backups");
  mkdirSync(directory);
  await runProgram(["mount", "-t", "tmpfs", "-o", `size=${size},mode=0700`, "none", directory]);
  afterUs('umount -l "$1"', [directory], {});
  return home;
}

const remount = (directory: string, how: "ro" | "rw") =>
  runProgram(["mount", "-o", `remount,${how}`, directory]);

function treeOf(home: string): string {
  const root = join(home, "storage");
  mkdirSync(join(root, "ledger"), { recursive: true });
  writeFileSync(join(root, "audit.log"), "line\n".repeat(1000));
  writeFileSync(join(root, "ledger", "a.json"), "{}");
  return root;
}

test("a disk that fills up in the middle of a dump keeps what it had", async () => {
  const home = await homeWithFileSystem("40m");
  const scene = await openScene({ home, jobs: [postgresJob(sourceOf(server))] });
  await assertFailsAndHeals(scene, {
    code: "destination.full",
    says: /codexdb.*\.sql/,
    hint: /[Ff]ree|space/,
    break: async () => {
      // Estimated by the last backup it fits; by then the database has grown.
      const grow =
        "CREATE TABLE grown AS SELECT repeat(md5(n::text), 300) AS text FROM generate_series(1, 5000) n";
      await server.psql(grow, "codexdb");
      return () => server.psql("DROP TABLE grown", "codexdb").then(() => undefined);
    },
  });
});

test("a disk that fills up in the middle of a capsule keeps what it had", async () => {
  const home = await homeWithFileSystem("40m");
  const root = treeOf(home);
  const scene = await openScene({ home, jobs: [capsuleJob(root, { to: ["backups"] })] });
  const random = Buffer.alloc(45 * 1024 * 1024);
  crypto.getRandomValues(random.subarray(0, 65536));
  for (let at = 65536; at < random.length; at += 65536)
    crypto.getRandomValues(random.subarray(at, at + 65536));
  await assertFailsAndHeals(scene, {
    code: "destination.full",
    break: async () => {
      writeFileSync(join(root, "huge"), random);
      return async () => writeFileSync(join(root, "huge"), "");
    },
  });
});

test("a disk that is too small for the estimate is refused before anything is read", async () => {
  const home = await homeWithFileSystem("8m");
  const scene = await openScene({ home, jobs: [postgresJob(sourceOf(server))] });
  const report = await runOne(scene);
  assertFailed(scene, report, "destination.full");
  assert.match(report.failure?.message ?? "", /needs about .* free/);
  assert.equal(published(scene).size, 0);
});

test("a disk that turned read-only keeps what it had", async () => {
  const home = await homeWithFileSystem("40m");
  const scene = await openScene({ home, jobs: [postgresJob(sourceOf(server))] });
  const [directory = ""] = scene.directories;
  await assertFailsAndHeals(scene, {
    code: "destination.not-writable",
    says: /read-only/,
    break: async () => {
      await remount(directory, "ro");
      return () => remount(directory, "rw").then(() => undefined);
    },
  });
});

test("a directory without its sentinel is taken for a share that is not mounted", async () => {
  const scene = await openScene({ jobs: [postgresJob(sourceOf(server))] });
  const sentinel = join(scene.directories[0] ?? "", ".codex-backup");
  await assertFailsAndHeals(scene, {
    code: "destination.sentinel-missing",
    hint: /codex-backup destination init backups/,
    break: async () => {
      renameSync(sentinel, `${sentinel}-away`);
      return async () => renameSync(`${sentinel}-away`, sentinel);
    },
  });
});

test("a directory that is gone is not made anew", async () => {
  const scene = await openScene({ jobs: [postgresJob(sourceOf(server))] });
  const directory = scene.directories[0] ?? "";
  await runWell(scene);
  const before = published(scene);
  renameSync(directory, `${directory}-away`);
  const report = await runOne(scene);
  assertFailed(scene, report, "destination.missing");
  renameSync(`${directory}-away`, directory);
  await assertSound(scene);
  await runWell(scene);
  assertUntouched(before);
});

test("a directory that our user may not write to is told with the user and the path", async () => {
  const scene = await openScene({ jobs: [capsuleJob("/nonexistent", { to: ["backups"] })] });
  const directory = scene.directories[0] ?? "";
  const home = temporaryDirectory("nobody");
  const root = treeOf(home);
  const nobody = Number((await runProgram(["id", "-u", "nobody"])).trim());
  for (const path of [home, scene.home]) chmodSync(path, 0o755);
  mkdirSync(join(home, "state"));
  chownSync(join(home, "state"), nobody, nobody);
  chmodSync(directory, 0o755);
  chmodSync(join(directory, ".codex-backup"), 0o644);
  const script = fileURLToPath(new URL("./run-as-user.ts", import.meta.url));
  const output = await runProgram(
    [
      "setpriv",
      `--reuid=${nobody}`,
      `--regid=${nobody}`,
      "--clear-groups",
      process.execPath,
      script,
      home,
      directory,
      root,
    ],
    { cwd: "/" },
  );
  const report = JSON.parse(output) as RunReport; // printed by that script
  assert.deepEqual([report.failure?.code, report.exit], ["destination.not-writable", 1]);
  assert.match(report.failure?.message ?? "", new RegExp(directory));
  assert.ok(report.failure?.hint);
  await assertSound(scene);
});

test("a checksums.txt that somebody damaged stops no backup, and is told", async () => {
  const scene = await openScene({ jobs: [postgresJob(sourceOf(server))] });
  await runWell(scene);
  const before = published(scene);
  const checksums = join(scene.directories[0] ?? "", "checksums.txt");
  const text = readFileSync(checksums, "utf8");
  writeFileSync(checksums, `${text}no checksum at all\n`);
  const report = await runOne(scene);
  assert.deepEqual([report.outcome, report.exit, report.level], ["incomplete", 3, "read"]);
  assert.match(report.warnings.join("\n"), /checksums\.txt": line \d+ is no checksum/);
  assert.equal(scene.context.catalog.backups()[0]?.copies[0]?.state, "whole");
  writeFileSync(checksums, text);
  await runWell(scene);
  await assertSound(scene);
  assertUntouched(before);
});

test("a file of somebody else's under tonight's name is never overwritten", async () => {
  const scene = await openScene({ jobs: [postgresJob(sourceOf(server))] });
  const first = await runWell(scene);
  const directory = scene.directories[0] ?? "";
  const foreign = await openScene({ jobs: [postgresJob(sourceOf(server))] });
  const taken = join(foreign.directories[0] ?? "", `${first.backup?.id}.sql`);
  writeFileSync(taken, "an old script's dump");
  const report = await runWell(foreign);
  assert.match(report.backup?.id ?? "", /^codexdb_\d{4}-\d\d-\d\d_\d{6}$/);
  assert.equal(readFileSync(taken, "utf8"), "an old script's dump");
  assert.ok(directory);
});

for (const compress of ["none", "gzip", "zstd"] as const) {
  test(`a destination that is slow to begin loses nothing of a dump that is over by then (${compress})`, async () => {
    const scene = await openScene({ jobs: [postgresJob(sourceOf(server), { compress })] });
    const inner = scene.context.destinations.get("backups");
    assert.ok(inner);
    // Longer than the whole dump takes: what nobody reads yet must wait.
    const stage: typeof inner.stage = async (name, runId) => {
      await delay(600);
      return inner.stage(name, runId);
    };
    await runWell(withDestination(scene, { ...inner, stage }));
    await assertSound(scene);
  });
}

test("a second and a third run on a day keep all three, told apart by their time", async () => {
  const scene = await openScene({ jobs: [postgresJob(sourceOf(server))] });
  const ids = [await runWell(scene), await runWell(scene), await runWell(scene)].map(
    (report) => report.backup?.id ?? "",
  );
  assert.equal(new Set(ids).size, 3);
  assert.match(ids[0] ?? "", /^codexdb_\d{4}-\d\d-\d\d$/);
  assert.match(ids[1] ?? "", /^codexdb_\d{4}-\d\d-\d\d_\d{6}$/);
  assert.deepEqual(
    scene.context.catalog
      .backups()
      .map((row) => row.id)
      .sort(),
    ids.toSorted(),
  );
  await assertSound(scene);
});
