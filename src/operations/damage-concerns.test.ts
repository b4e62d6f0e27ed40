import assert from "node:assert/strict";
import { test } from "node:test";
import {
  backUp,
  type MemoryScene,
  openMemoryScene,
  rot,
  storeOf,
  verifyAll,
} from "../../tests/fakes/memory-scene.ts";
import type { JobConcern } from "../domain/health/status-report.ts";
import { jobNamed } from "./context.ts";
import { statusByCatalog } from "./status.ts";

function damageOf({ context }: MemoryScene): readonly JobConcern[] {
  const concerns = statusByCatalog(context, jobNamed(context, "capsule")).flatMap((one) => one.concerns);
  return concerns.filter(({ kind }) => kind === "damaged");
}

test("a copy that verify found damaged is told until a check finds it good again", async () => {
  const scene = await openMemoryScene({ destinations: ["one", "two"] });
  const [id] = await backUp(scene);
  const mend = rot(storeOf(scene, "two"), `${id}.zip`);
  assert.deepEqual(damageOf(scene), []);
  await verifyAll(scene);
  const [concern, ...others] = damageOf(scene);
  assert.deepEqual(others, []);
  assert.match(concern?.message ?? "", new RegExp(`^"${id}" at "two" was found damaged: .*${id}\\.zip`));
  assert.equal(concern?.nextStep, `codex-backup verify capsule/${id}`);
  assert.deepEqual(concern?.findings, [`"${id}" at "two"`]);
  assert.equal(concern?.isGrave, undefined, "one good copy is left");
  mend();
  await verifyAll(scene);
  assert.deepEqual(damageOf(scene), []);
});

test("damage of the newest backup's last copy is grave, and over once the backup is gone", async () => {
  const scene = await openMemoryScene();
  await backUp(scene);
  const [id] = await backUp(scene);
  rot(storeOf(scene), `${id}.zip`);
  await verifyAll(scene);
  assert.equal(damageOf(scene)[0]?.isGrave, true);
  await backUp(scene);
  assert.equal(damageOf(scene)[0]?.isGrave, undefined, "a newer one is good");
  const { catalog } = scene.context;
  catalog.removeCopy("capsule", id, "replays");
  catalog.removeBackupIfBare("capsule", id);
  assert.deepEqual(damageOf(scene), []);
});
