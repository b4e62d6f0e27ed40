import assert from "node:assert/strict";
import { test } from "node:test";
import { createConfigFolder } from "../../tests/fakes/written-config.ts";
import { Failure } from "../domain/failure.ts";

const valid = "jobs: { j: { command: { argv: [x] } } }";

test("the config that was asked for goes before the environment's, and that before the directory's", async (context) => {
  const folder = await createConfigFolder(context, { CODEX_BACKUP_CONFIG: "named.yaml" });
  const asked = await folder.write("asked.yaml", valid);
  const named = await folder.write("named.yaml", valid);
  await folder.write("codex-backup.yaml", valid);
  assert.equal(await folder.loader.locate("asked.yaml"), asked);
  assert.equal(await folder.loader.locate(null), named);
  const plain = await createConfigFolder(context);
  const local = await plain.write("codex-backup.yaml", valid);
  assert.equal(await plain.loader.locate(null), local);
});

test("a named config that is missing is an error, never a reason to take another", async (context) => {
  const folder = await createConfigFolder(context, { CODEX_BACKUP_CONFIG: "gone.yaml" });
  await folder.write("codex-backup.yaml", valid);
  const isMissing = (origin: RegExp) => (error: unknown) =>
    error instanceof Failure && error.code === "config.missing" && origin.test(error.message);
  await assert.rejects(folder.loader.locate("nowhere.yaml"), isMissing(/nowhere.yaml" that --config names/));
  await assert.rejects(folder.loader.locate(null), isMissing(/gone.yaml" that \$CODEX_BACKUP_CONFIG names/));
});

test("when there is no config at all, every place that was looked at is named", async (context) => {
  const folder = await createConfigFolder(context);
  await assert.rejects(folder.loader.locate(null), (error) => {
    assert.ok(error instanceof Failure && error.code === "config.missing");
    assert.match(error.message, /codex-backup.yaml" nor "\/etc\/codex-backup\/config.yaml"/);
    assert.match(error.hint ?? "", /codex-backup init/);
    return true;
  });
});
