import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { openMemoryScene } from "../../tests/fakes/memory-scene.ts";
import { proofRow } from "../../tests/fakes/proof-row.ts";
import { capsuleJob } from "../../tests/fakes/real-context.ts";
import { instant } from "../domain/instant.ts";
import { neverProven } from "../domain/jobs/prove-settings.ts";
import { keysPath } from "./custody/key-store.ts";
import { status } from "./status.ts";

const dayMs = 86_400_000;

test("an encrypted job that nobody has proven with the key from the safe is a concern until somebody does", async () => {
  const prove = { ...neverProven, drillMs: 90 * dayMs };
  const encrypt = { recipients: ["age1safe", "age1here"] };
  const scene = await openMemoryScene({
    jobs: (root) => [capsuleJob(root, { to: ["replays"], encrypt, prove })],
  });
  const { context } = scene;
  const concerns = async () => (await status(context)).jobs.flatMap((job) => job.concerns);
  assert.deepEqual(await concerns(), []);
  scene.advance(91 * dayMs);
  const [told] = await concerns();
  assert.equal(told?.kind, "key");
  assert.match(told?.nextStep ?? "", /^codex-backup prove --job capsule --latest --identity/);

  mkdirSync(keysPath(context), { recursive: true });
  writeFileSync(`${keysPath(context)}/identity-age1here.txt`, "secret");
  const at = instant(context.clock.now() - dayMs);
  const proof = proofRow("x", at, { job: "capsule", database: null });
  context.catalog.putProof({ ...proof, openedBy: "age1here" });
  assert.equal((await concerns()).length, 1, "a key that lies here says nothing of the safe");
  context.catalog.putProof({ ...proof, openedBy: "age1safe" });
  assert.deepEqual(await concerns(), []);
});
