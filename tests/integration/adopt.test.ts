import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import type { Destination } from "../../src/destinations/destination.ts";
import { Failure } from "../../src/domain/failure.ts";
import type { PostgresJob } from "../../src/domain/jobs/job.ts";
import { adopt } from "../../src/operations/adopt/adopt.ts";
import { createOperations } from "../../src/operations/create-operations.ts";
import type { AdoptReport } from "../../src/operations/operation.ts";
import { capsuleJob, localSource, postgresJob } from "../fakes/real-context.ts";
import { temporaryDirectory } from "../servers/cleanup.ts";
import { runProgram } from "../servers/run-program.ts";
import { assertSound, openScene, type Scene, sha256, withDestination } from "./run-scene.ts";

const dump = `--
-- PostgreSQL database dump
--

SET client_encoding = 'UTF8';

--
-- PostgreSQL database dump complete
--

`;

interface Old extends Scene {
  readonly directory: string;
  readonly destination: Destination;
}

/** A directory as the old cron line left it. No server is ever asked. */
async function oldDumps(files: Readonly<Record<string, string | Buffer>>, given: Partial<PostgresJob> = {}) {
  const source = localSource({ socketDirectory: "/nowhere", port: 1, user: "nobody" });
  const scene = await openScene({ jobs: [postgresJob(source, given)] });
  return withFiles(scene, files);
}

function withFiles(scene: Scene, files: Readonly<Record<string, string | Buffer>>): Old {
  const directory = scene.directories[0] ?? "";
  for (const [name, content] of Object.entries(files))
    writeFileSync(join(directory, name), content, { mode: 0o600 });
  const [destination] = scene.context.destinations.values();
  assert.ok(destination);
  return { ...scene, directory, destination };
}

async function adoptAll(
  { context, directory }: Pick<Old, "context" | "directory">,
  pattern: string | null = null,
) {
  const job = context.jobs[0]?.name ?? "";
  return adopt(context, { directory, job, pattern, signal: new AbortController().signal });
}

function broken(scene: Old, given: Partial<Destination>): Old {
  return { ...scene, ...withDestination(scene, { ...scene.destination, ...given }) };
}

function told({ isAdopted, failure, exit }: AdoptReport) {
  return [isAdopted, failure?.code ?? null, exit];
}

test("an adoption that died between the hash and the manifest is finished by the next", async () => {
  const scene = await oldDumps({ "codexdb_2026-11-01.sql": dump });
  const put = async (name: string, bytes: Uint8Array, runId: string) => {
    if (name.endsWith(".manifest.json")) throw new Failure("destination.io", "Cannot write: it was killed");
    await scene.destination.put(name, bytes, runId);
  };
  assert.deepEqual((await adoptAll(broken(scene, { put }))).map(told), [[false, "destination.io", 1]]);
  assert.ok(existsSync(join(scene.directory, "codexdb_2026-11-01.sha256")));
  assert.deepEqual((await adoptAll(scene)).map(told), [[true, null, 0]]);
  await assertSound(scene);
});

test("an adoption that died before the catalog heard of it is told of by the next", async () => {
  const scene = await oldDumps({ "codexdb_2026-11-01.sql": dump });
  await scene.context.signatures.generate();
  const deaf = { ...scene.context.catalog, putCopy: () => assert.fail("it was killed") };
  const [died] = await adoptAll({ ...scene, context: { ...scene.context, catalog: deaf } });
  assert.equal(died?.isAdopted, false);
  scene.context.catalog.forgetBackups();
  assert.deepEqual((await adoptAll(scene)).map(told), [[true, null, 0]]);
  const { checkCatalog } = createOperations(scene.context);
  assert.deepEqual(await checkCatalog(new AbortController().signal), []);
  assert.deepEqual(await adoptAll(scene), []);
});

test("a signature whose manifest was never written gives way", async () => {
  const scene = await oldDumps({ "codexdb_2026-11-01.sql": dump });
  await scene.context.signatures.generate();
  writeFileSync(join(scene.directory, "codexdb_2026-11-01.manifest.json.minisig"), "of a death before\n");
  assert.deepEqual((await adoptAll(scene)).map(told), [[true, null, 0]]);
});

test("a hash that was taken by hand and still holds gives way to ours", async () => {
  const scene = await oldDumps({ "codexdb_2026-11-01.sql": dump });
  const line = `${sha256(Buffer.from(dump))}  codexdb_2026-11-01.sql\n`;
  writeFileSync(join(scene.directory, "codexdb_2026-11-01.sha256"), line);
  assert.deepEqual((await adoptAll(scene)).map(told), [[true, null, 0]]);
  await assertSound(scene);
});

test("a file that no longer has its recorded hash is not adopted, and the hash stays as the proof", async () => {
  const line = `${"0".repeat(64)}  codexdb_2026-11-01.sql\n`;
  const scene = await oldDumps({ "codexdb_2026-11-01.sql": dump, "codexdb_2026-11-01.sha256": line });
  const [report] = await adoptAll(scene);
  assert.ok(report);
  assert.deepEqual(told(report), [false, null, 3]);
  assert.match(report.reason ?? "", /its hash is not the one that "codexdb_2026-11-01.sha256" has recorded/);
  assert.equal(readFileSync(join(scene.directory, "codexdb_2026-11-01.sha256"), "utf8"), line);
});

test("a hash file that speaks of other files too is never removed", async () => {
  const lines = `${sha256(Buffer.from(dump))}  codexdb_2026-11-01.sql\n${"1".repeat(64)}  notes.txt\n`;
  const scene = await oldDumps({ "codexdb_2026-11-01.sql": dump, "codexdb_2026-11-01.sha256": lines });
  assert.deepEqual((await adoptAll(scene)).map(told), [[false, "destination.exists", 1]]);
  assert.equal(readFileSync(join(scene.directory, "codexdb_2026-11-01.sha256"), "utf8"), lines);
});

test("what is cut short or damaged is left out with 3; the whole ones beside it are adopted", async () => {
  const packed = gzipSync(dump.repeat(200));
  const rotten = Buffer.from(packed);
  rotten.fill(0, 30, 60);
  const scene = await oldDumps({
    "codexdb_2026-11-01.sql": dump.slice(0, 60),
    "codexdb_2026-11-02.sql.gz": packed.subarray(0, packed.length / 2),
    "codexdb_2026-11-03.sql.gz": rotten,
    "codexdb_2026-11-04.sql.gz": gzipSync(dump),
  });
  const left = [false, null, 3];
  assert.deepEqual((await adoptAll(scene)).map(told), [left, left, left, [true, null, 0]]);
});

test("a disk that cannot be read is a failure with 1 and a hint, not a verdict on the file", async () => {
  const scene = await oldDumps({
    "codexdb_2026-11-01.sql": dump,
    "codexdb_2026-11-02.sql.gz": gzipSync(dump),
  });
  const open = async () => {
    const stream = new Readable({
      read() {
        this.destroy(new Failure("destination.io", "Cannot read: EIO", { hint: "Check the disk." }));
      },
    });
    return { stream, source: "cached" } as const;
  };
  const reports = await adoptAll(broken(scene, { open }));
  assert.deepEqual(reports.map(told), [
    [false, "destination.io", 1],
    [false, "destination.io", 1],
  ]);
  assert.equal(reports[0]?.failure?.hint, "Check the disk.");
});

test("without a pg_restore an archive is a failure with 1 and a hint, not a damaged file", async () => {
  const clientDirectory = "/nowhere";
  const source = {
    ...localSource({ socketDirectory: "/nowhere", port: 1, user: "nobody" }),
    clientDirectory,
  };
  const scene = await oldDumps({ "codexdb_2026-11-01.dump": "PGDMP" }, { source });
  const [report] = await adoptAll(scene);
  assert.ok(report);
  assert.deepEqual(told(report), [false, "postgres.client-missing", 1]);
  assert.ok((report.failure?.hint ?? "").length > 10);
});

test("a catalog that cannot be written is a failure with 1; the next adoption or a rebuild heals it", async () => {
  const scene = await oldDumps({ "codexdb_2026-11-01.sql": dump });
  const catalog = {
    ...scene.context.catalog,
    atomically: () => {
      throw new Failure("catalog.io", "Cannot write the catalog: EIO", { hint: "Check the disk." });
    },
  };
  const reports = await adoptAll({ ...scene, context: { ...scene.context, catalog } });
  assert.deepEqual(reports.map(told), [[false, "catalog.io", 1]]);
});

test("a zip that is cut short is left out, one that the system will not read is a failure", async () => {
  const home = temporaryDirectory("adopt-zip");
  mkdirSync(join(home, "tree"));
  writeFileSync(join(home, "tree", "a.txt"), "content\n".repeat(500));
  await runProgram(["zip", "-q", "-r", join(home, "whole.zip"), "."], { cwd: join(home, "tree") });
  const zip = readFileSync(join(home, "whole.zip"));
  const job = capsuleJob(join(home, "tree"), { to: ["backups"] });
  const scene = withFiles(await openScene({ jobs: [job] }), {
    "replay_1.zip": zip.subarray(0, zip.length - 30),
    "replay_2.zip": zip,
  });
  const localPath = (name: string) =>
    name === "replay_2.zip" ? join(scene.directory, "gone", name) : scene.destination.localPath(name);
  assert.deepEqual((await adoptAll(broken(scene, { localPath }), "replay_*")).map(told), [
    [false, null, 3],
    [false, "platform.file", 1],
  ]);
  assert.deepEqual(
    (await adoptAll(scene, "replay_*")).map((report) => report.exit),
    [3, 0],
  );
});

test("without a pattern, other databases and keepsakes are left out and named, so that no prune takes them", async () => {
  const scene = await oldDumps({
    "codexdb_2026-11-01.sql": dump,
    "codexdb_2026-11-01_031500.sql": dump,
    "codexdb_2026-11-02_keepsake.sql": dump,
    "codexdb_before-upgrade.sql": dump,
    "payroll_2026-11-01.sql": dump,
  });
  const reports = await adoptAll(scene);
  assert.deepEqual(
    reports.filter(({ isAdopted }) => isAdopted).map(({ file }) => file),
    ["codexdb_2026-11-01.sql", "codexdb_2026-11-01_031500.sql"],
  );
  const left = reports.filter(({ isAdopted }) => !isAdopted);
  assert.deepEqual(
    left.map(({ file }) => file),
    ["codexdb_2026-11-02_keepsake.sql", "codexdb_before-upgrade.sql", "payroll_2026-11-01.sql"],
  );
  for (const report of left) {
    assert.deepEqual(told(report), [false, null, 3]);
    assert.match(report.reason ?? "", /does not fit the name template .*; name it with --pattern/);
    assert.ok(!existsSync(join(scene.directory, report.file.replace(".sql", ".manifest.json"))));
  }
  const chosen = await adoptAll(scene, "codexdb_before-*.sql");
  assert.deepEqual(chosen.map(told), [[true, null, 0]]);
});

test("a zip of an old script is adopted only when it is asked for by name", async () => {
  const scene = withFiles(
    await openScene({ jobs: [capsuleJob(temporaryDirectory("adopt"), { to: ["backups"] })] }),
    {
      "replay_20260101T000000Z.zip": "not looked at",
    },
  );
  const [left] = await adoptAll(scene);
  assert.match(left?.reason ?? "", /does not fit the name template/);
  const [chosen] = await adoptAll(scene, "replay_*.zip");
  assert.doesNotMatch(chosen?.reason ?? "", /name template/);
});

test("an encrypted file is adopted by its hash; whoever has the key can verify it, and nobody else", async () => {
  const key = join(temporaryDirectory("safe"), "key.txt");
  await runProgram(["age-keygen", "-o", key]);
  const recipient = (await runProgram(["age-keygen", "-y", key])).trim();
  const plain = join(temporaryDirectory("plain"), "dump.sql.gz");
  writeFileSync(plain, gzipSync(dump));
  const name = "codexdb_2026-11-01.sql.gz.age";
  const scene = await oldDumps({ "codexdb_2026-11-02.sql.age": dump });
  await runProgram(["age", "-r", recipient, "-o", join(scene.directory, name), plain]);
  const reports = await adoptAll(scene);
  assert.deepEqual(
    reports.map(({ file, isAdopted, exit }) => [file, isAdopted, exit]),
    [
      [name, true, 0],
      ["codexdb_2026-11-02.sql.age", false, 3],
    ],
  );
  assert.match(reports[1]?.reason ?? "", /does not begin as an age file/);
  const [row] = scene.context.catalog.backups();
  assert.deepEqual(
    row?.copies.map(({ level }) => level),
    ["hashed"],
  );
  const ask = { backups: [], level: "read", sinceMs: null, signal: new AbortController().signal } as const;
  const check = async (identity: string | null) =>
    (await createOperations(scene.context).verify({ ...ask, identity })).map(({ level, exit }) => [
      level,
      exit,
    ]);
  assert.deepEqual(await check(null), [["hashed", 3]]);
  assert.deepEqual(await check(key), [["read", 0]]);
});
