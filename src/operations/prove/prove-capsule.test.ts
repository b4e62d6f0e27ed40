import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  chmodSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  backUp,
  loseCatalog,
  type MemoryScene,
  onlyCopy,
  openMemoryScene,
  storeOf,
} from "../../../tests/fakes/memory-scene.ts";
import { proveOne } from "../../../tests/fakes/proof-scene.ts";
import { capsuleJob } from "../../../tests/fakes/real-context.ts";
import { formatManifest } from "../../domain/backups/manifest-text.ts";
import { proofsPath } from "../proofs-path.ts";
import { readStoredBackup } from "../stored-backup.ts";

function destinationOf({ context }: MemoryScene) {
  const [destination] = context.destinations.values();
  assert.ok(destination);
  return destination;
}

test("one byte changed inside a capsule is found and named, though every CRC and hash of the zip was made anew", async () => {
  const files = { root: "" };
  const jobs = (root: string) => {
    files.root = root;
    return [capsuleJob(root)];
  };
  const scene = await openMemoryScene({ isReal: true, jobs });
  const file = join(files.root, "one.txt");
  utimesSync(file, 1_700_000_000, 1_700_000_000);
  const [id] = await backUp(scene);
  writeFileSync(file, "onE\n");
  utimesSync(file, 1_700_000_000, 1_700_000_000);
  const [other] = await backUp(scene);
  const store = storeOf(scene);
  const zip = store.files.get(`${other}.zip`);
  assert.ok(zip);
  store.files.set(`${id}.zip`, zip);
  const sha256 = createHash("sha256").update(zip.bytes).digest("hex");
  const sums = { sizeBytes: zip.bytes.length, sha256 };
  const { manifest } = await readStoredBackup(destinationOf(scene), id);
  const text = formatManifest({
    ...manifest,
    files: manifest.files.map((one) => ({ ...one, ...sums, content: sums })),
  });
  const manifestSha256 = createHash("sha256").update(text).digest("hex");
  const put = (name: string, content: string) =>
    store.files.set(name, { bytes: Buffer.from(content), modifiedMs: 0 });
  put(`${id}.manifest.json`, text);
  put(`${id}.sha256`, `${sha256}  ${id}.zip\n${manifestSha256}  ${id}.manifest.json\n`);
  await loseCatalog(scene);
  const report = await proveOne(scene, { all: false, backups: [id] });
  assert.deepEqual([report.outcome, report.exit], ["mismatch", 4]);
  assert.deepEqual(report.differences, ["file one.txt differs in its content"]);
});

test("a capsule is extracted and every file compared; the scratch directory goes, whatever its modes", async () => {
  const scene = await openMemoryScene({
    isReal: true,
    jobs: (root) => {
      mkdirSync(join(root, "closed"));
      writeFileSync(join(root, "closed", "two.txt"), "two\n", { mode: 0o400 });
      chmodSync(join(root, "closed"), 0o1500);
      symlinkSync("one.txt", join(root, "link"));
      lutimesSync(join(root, "link"), 1_000_000_000.5, 1_000_000_000.5);
      return [capsuleJob(root)];
    },
  });
  const [id] = await backUp(scene);
  const report = await proveOne(scene);
  assert.deepEqual([report.outcome, report.differences, report.level], ["proven", [], "proven"]);
  assert.deepEqual(report.compared, { files: 2, directories: 1, links: 1, bytes: 8 });
  assert.deepEqual(
    report.unproven.map(({ object }) => object),
    ["set-user, set-group or sticky bits of directory closed/"],
  );
  assert.deepEqual(readdirSync(proofsPath(scene.context)), []);
  assert.equal(onlyCopy(scene).backupId, id);
});
