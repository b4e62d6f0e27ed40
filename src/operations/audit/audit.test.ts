import assert from "node:assert/strict";
import { test } from "node:test";
import { createMemoryDestination } from "../../../tests/fakes/memory-destination.ts";
import {
  backUp,
  type MemoryScene,
  noSignal,
  openMemoryScene,
  storeOf,
  withMemoryDestination,
} from "../../../tests/fakes/memory-scene.ts";
import { Failure } from "../../domain/failure.ts";
import { jobNamed } from "../context.ts";
import type { AuditReport } from "../operation.ts";
import { statusByCatalog } from "../status.ts";
import { audit } from "./audit.ts";

const dayMs = 86_400_000;
const everywhere = { destinations: ["replays"], signal: noSignal };

function findingsOf(reports: readonly AuditReport[]): readonly string[] {
  return reports.flatMap(({ findings }) => findings.map(({ kind, name }) => `${kind} ${name}`));
}

function concernsOf({ context }: MemoryScene): readonly string[] {
  const [job] = statusByCatalog(context, jobNamed(context, "capsule"));
  return job?.concerns.map(({ kind }) => kind) ?? [];
}

function put(scene: MemoryScene, name: string, text = "bytes"): void {
  const modifiedMs = scene.context.clock.now();
  storeOf(scene).files.set(name, { bytes: Buffer.from(text), modifiedMs });
}

test("what is as it should be has no finding, and its manifests are read once", async () => {
  const plain = await openMemoryScene();
  await backUp(plain);
  const memory = createMemoryDestination({ name: "replays", store: storeOf(plain) });
  const read: string[] = [];
  const scene = withMemoryDestination(plain, {
    ...memory,
    read: async (name, limitBytes) => {
      read.push(name);
      return memory.read(name, limitBytes);
    },
  });
  assert.deepEqual(findingsOf(await audit(scene.context, everywhere)), []);
  await audit(scene.context, everywhere);
  assert.equal(read.length, 1);
});

test("a copy that is gone and one whose manifest was exchanged are told by status too, and only there told once", async () => {
  const scene = await openMemoryScene();
  const ids = [...(await backUp(scene)), ...(await backUp(scene)), ...(await backUp(scene))];
  storeOf(scene).files.delete(`${ids[0]}.zip`);
  const manifest = storeOf(scene).files.get(`${ids[1]}.manifest.json`);
  assert.ok(manifest);
  const text = manifest.bytes.toString().replace('"complete"', '"COMPLETE"');
  put(scene, `${ids[1]}.manifest.json`, text);
  for (let time = 0; time < 2; time += 1)
    assert.deepEqual(findingsOf(await audit(scene.context, everywhere)), [
      `missing ${ids[0]}`,
      `altered ${ids[1]}`,
    ]);
  assert.deepEqual(concernsOf(scene).toSorted(), ["damaged", "gone"]);
  const states = scene.context.catalog.backups().map(({ copies }) => copies.map(({ state }) => state)[0]);
  assert.deepEqual(states, ["whole", "damaged", "missing"]);
});

test("an unknown backup, an orphan and files of others are told by kind, and none is touched", async () => {
  const scene = await openMemoryScene();
  await backUp(scene);
  put(scene, "other_2026-11-01.manifest.json", "{}");
  put(scene, "codexdb_2026-11-01.sql");
  put(scene, "globals_lost_2026-11-01.sql");
  put(scene, "lost_2026-11-01.sql");
  put(scene, "notes.txt");
  const names = [...storeOf(scene).files.keys()];
  const young = await audit(scene.context, everywhere);
  assert.equal(findingsOf(young).includes("orphaned lost_2026-11-01"), false, "its run may be at it");
  scene.advance(3 * dayMs);
  const [report] = await audit(scene.context, everywhere);
  assert.deepEqual(
    report?.findings.map(({ kind, name, isNew }) => [kind, name, isNew]),
    [
      ["unknown", "other_2026-11-01", false],
      ["orphaned", "lost_2026-11-01", true],
      ["foreign", "codexdb_2026-11-01.sql", false],
      ["foreign", "notes.txt", false],
    ],
  );
  assert.deepEqual([...storeOf(scene).files.keys()], names);
});

test("a destination that is away has lost nothing", async () => {
  const plain = await openMemoryScene();
  await backUp(plain);
  const memory = createMemoryDestination({ name: "replays", store: storeOf(plain) });
  const list = async () => {
    throw new Failure("destination.io", "Cannot list it: it does not answer");
  };
  const scene = withMemoryDestination(plain, { ...memory, list });
  const [report] = await audit(scene.context, everywhere);
  assert.equal(report?.failure?.code, "destination.io");
  assert.deepEqual(concernsOf(scene), []);
});

test("what a run makes and a prune removes while the names are listed is neither missing nor unknown", async () => {
  const plain = await openMemoryScene();
  const [old] = await backUp(plain);
  const memory = createMemoryDestination({ name: "replays", store: storeOf(plain) });
  const { catalog } = plain.context;
  const list = async () => {
    const files = await memory.list();
    const copy = catalog.backup("capsule", old)?.copies[0];
    assert.ok(copy);
    catalog.putCopy({ ...copy, state: "removing" });
    await backUp(plain);
    return files.filter(({ name }) => !name.startsWith(old));
  };
  const scene = withMemoryDestination(plain, { ...memory, list });
  assert.deepEqual(findingsOf(await audit(scene.context, everywhere)), []);
  assert.deepEqual(concernsOf(scene), []);
});

test("runs audit where they write once a day, and not on the first", async () => {
  const scene = await openMemoryScene();
  await backUp(scene);
  put(scene, "notes.txt");
  await backUp(scene);
  assert.deepEqual(scene.context.catalog.auditFindings(), []);
  scene.advance(dayMs);
  await backUp(scene);
  assert.deepEqual(
    scene.context.catalog.auditFindings().map(({ name }) => name),
    ["notes.txt"],
  );
});
