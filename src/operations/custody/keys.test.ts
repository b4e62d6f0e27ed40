import assert from "node:assert/strict";
import {
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { createHandClock } from "../../../tests/fakes/hand-clock.ts";
import { createMemoryContext } from "../../../tests/fakes/memory-context.ts";
import { capsuleJob } from "../../../tests/fakes/real-context.ts";
import type { Secret } from "../../domain/secret.ts";
import type { Context } from "../context.ts";
import { demandCustody } from "./custody.ts";
import { confirmIdentity, exportIdentities, generateIdentity, listRecipients } from "./keys.ts";

interface Scene {
  readonly context: Context;
  readonly recipient: string;
  readonly keys: string;
}

/** A machine with a fresh key pair that its only job encrypts for. */
async function scene(t: TestContext): Promise<Scene> {
  const statePath = mkdtempSync(join(tmpdir(), "codex-custody-"));
  t.after(() => rmSync(statePath, { recursive: true, force: true }));
  const basis = createMemoryContext({ statePath, clock: createHandClock(), jobs: [], destinations: [] });
  const { recipient } = await generateIdentity(basis);
  const job = capsuleJob("/srv", { encrypt: { recipients: [recipient] } });
  return { context: { ...basis, jobs: [job] }, recipient, keys: join(statePath, "keys") };
}

const kept = async () => "kept" as const;

function refusal({ context }: Scene) {
  const [job] = context.jobs;
  assert.ok(job?.kind === "capsule");
  return demandCustody(context, job).then(
    () => null,
    (error: { readonly code?: string }) => error.code,
  );
}

test("a key pair is made for its owner's eyes alone, and a job refuses it until it was exported", async (t) => {
  const at = await scene(t);
  assert.equal(statSync(at.keys).mode & 0o777, 0o700);
  assert.equal(statSync(join(at.keys, `identity-${at.recipient}.txt`)).mode & 0o777, 0o600);
  assert.equal(await refusal(at), "encryption.not-exported");
  const got: Secret[] = [];
  const deliver = async (secret: Secret) => {
    got.push(secret);
    return "kept" as const;
  };
  assert.deepEqual(await exportIdentities(at.context, { who: "anna", keep: false, deliver }), [at.recipient]);
  assert.match(got[0]?.reveal() ?? "", /^# created: .*\n# public key: age1.*\nAGE-SECRET-KEY-1/);
  assert.equal(await refusal(at), null);
  assert.deepEqual(readdirSync(at.keys), [`custody-${at.recipient}.json`], "it is gone from here");
});

test("an export that could not be written counts for nothing and takes nothing away", async (t) => {
  const at = await scene(t);
  const deliver = () => Promise.reject(new RangeError("disk full"));
  await assert.rejects(exportIdentities(at.context, { who: "anna", keep: false, deliver }), {
    message: "disk full",
  });
  assert.equal(await refusal(at), "encryption.not-exported");
  assert.ok(readFileSync(join(at.keys, `identity-${at.recipient}.txt`), "utf8").includes("AGE-SECRET-KEY-1"));
});

test("what went into a pipe stays here and counts for nothing, since nobody knows whether it arrived", async (t) => {
  const at = await scene(t);
  const deliver = async () => "sent" as const;
  assert.deepEqual(await exportIdentities(at.context, { who: "anna", keep: false, deliver }), [at.recipient]);
  assert.equal(await refusal(at), "encryption.not-exported");
  assert.deepEqual(readdirSync(at.keys), [`identity-${at.recipient}.txt`]);
});

test("an exported key is still named when no job encrypts for it", async (t) => {
  const at = await scene(t);
  await exportIdentities(at.context, { who: "anna", keep: false, deliver: kept });
  const [told] = await listRecipients({ ...at.context, jobs: [] });
  assert.deepEqual(
    [told?.recipient, told?.jobs, told?.isHere, told?.custody?.how],
    [at.recipient, [], false, "exported"],
  );
});

test("with --keep it stays here, and that is told", async (t) => {
  const at = await scene(t);
  await exportIdentities(at.context, { who: "anna", keep: true, deliver: kept });
  const [told] = await listRecipients(at.context);
  assert.deepEqual(told, {
    recipient: at.recipient,
    jobs: ["capsule"],
    isHere: true,
    custody: { how: "exported", who: "anna", at: told?.custody?.at },
  });
});

test("a key that was damaged here is not given out as one", async (t) => {
  const at = await scene(t);
  writeFileSync(join(at.keys, `identity-${at.recipient}.txt`), "AGE-SECRET-KEY-1CUT\n");
  const deliver = () => assert.fail("it was given out");
  await assert.rejects(exportIdentities(at.context, { who: "anna", keep: false, deliver }), {
    code: "encryption.identity",
  });
});

test("who has the key elsewhere shows it by opening something; another's key shows nothing", async (t) => {
  const at = await scene(t);
  const other = await scene(t);
  const path = (from: Scene) => join(from.keys, `identity-${from.recipient}.txt`);
  const inSafe = join(mkdtempSync(join(tmpdir(), "codex-safe-")), "key.txt");
  t.after(() => rmSync(dirname(inSafe), { recursive: true, force: true }));
  copyFileSync(path(at), inSafe);
  await assert.rejects(confirmIdentity(at.context, { identity: path(other), who: "anna" }), {
    code: "encryption.identity",
  });
  assert.equal(await refusal(at), "encryption.not-exported");
  assert.deepEqual(await confirmIdentity(at.context, { identity: inSafe, who: "anna" }), [at.recipient]);
  assert.equal(await refusal(at), null);
});

test("the copy in the state directory is no proof that somebody holds the key elsewhere", async (t) => {
  const at = await scene(t);
  const path = join(at.keys, `identity-${at.recipient}.txt`);
  const byAnotherName = join(at.context.statePath, "link");
  symlinkSync(path, byAnotherName);
  for (const identity of [path, byAnotherName]) {
    await assert.rejects(confirmIdentity(at.context, { identity, who: "anna" }), {
      code: "encryption.identity",
    });
    assert.equal(await refusal(at), "encryption.not-exported");
  }
});

test("a record that cannot be understood, or is of another key, proves nothing", async (t) => {
  const at = await scene(t);
  await exportIdentities(at.context, { who: "anna", keep: true, deliver: kept });
  const path = join(at.keys, `custody-${at.recipient}.json`);
  const text = readFileSync(path, "utf8");
  for (const bad of [
    "",
    text.replace(at.recipient, "age1other"),
    text.replace('"version": 1', '"version": 9'),
  ]) {
    writeFileSync(path, bad);
    assert.equal(await refusal(at), "encryption.not-exported");
  }
});

test("without any key there is nothing to export", async (t) => {
  const { context } = await scene(t);
  await exportIdentities(context, { who: "anna", keep: false, deliver: kept });
  await assert.rejects(exportIdentities(context, { who: "anna", keep: false, deliver: kept }), {
    code: "encryption.identity",
    message: /none lies on this machine/,
  });
});
