import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Failure } from "../../domain/failure.ts";
import { createEncryption } from "../../encryption/create-encryption.ts";
import { asSeenWith, fittingKey } from "./fitting-key.ts";

const context = { encryption: createEncryption() };

test("a key that is none, or another's, or not given, is refused by name; one of the recipients' is taken", async (t) => {
  const safe = mkdtempSync(join(tmpdir(), "codex-keys-"));
  t.after(() => rmSync(safe, { recursive: true, force: true }));
  const [ours, theirs] = ["ours", "theirs"].map((name) => {
    const path = join(safe, name);
    execFileSync("age-keygen", ["-o", path], { stdio: "ignore" });
    return { path, recipient: execFileSync("age-keygen", ["-y", path], { encoding: "utf8" }).trim() };
  });
  assert.ok(ours && theirs);
  const manifest = { id: "a", encryption: { recipients: [ours.recipient] } };
  await assert.rejects(fittingKey(context, manifest, join(safe, "mistyped")), {
    code: "encryption.identity",
  });
  await assert.rejects(fittingKey(context, manifest, theirs.path), {
    code: "encryption.no-identity",
    message: new RegExp(`${ours.recipient}.*is the key of ${theirs.recipient}`),
  });
  await assert.rejects(fittingKey(context, manifest, null), { code: "encryption.no-identity" });
  assert.deepEqual((await fittingKey(context, manifest, ours.path))?.recipients, [ours.recipient]);
  assert.ok(await fittingKey(context, { id: "a", encryption: { recipients: [] } }, theirs.path));
  assert.equal(await fittingKey(context, { id: "a" }, join(safe, "mistyped")), null);
});

test("files that the key of a named recipient does not open are damaged; of unnamed ones nothing is said", () => {
  const seen = new Failure("encryption.no-identity", 'Cannot decrypt "a": it was not encrypted for it');
  const named = asSeenWith(seen, { encryption: { recipients: ["age1x"] } });
  assert.deepEqual([named.code, named.meaning.exit], ["encryption.damaged", 4]);
  assert.equal(asSeenWith(seen, { encryption: { recipients: [] } }), seen);
  const other = new Failure("proof.space", "Cannot prove");
  assert.equal(asSeenWith(other, { encryption: { recipients: ["age1x"] } }), other);
});
