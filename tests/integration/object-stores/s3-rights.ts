import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mock, test } from "node:test";
import { PutBucketPolicyCommand } from "@aws-sdk/client-s3";
import { Failure } from "../../../src/domain/failure.ts";
import { Secret } from "../../../src/domain/secret.ts";
import { hasCode, namesOf, runId, stageBytes } from "../../contract/destination-steps.ts";
import { appendOnlyPolicy } from "../../fixtures/append-only-policy.ts";
import { bucketOf, ceph, openS3, openS3Store, ownerClient, s3Settings } from "./s3-scene.ts";

test("a wrong secret is refused with the way to mend it, and told nowhere", async () => {
  const { owner } = await ceph();
  const secret = new Secret("not-the-secret-at-all");
  const keys = { kind: "keys", keyId: new Secret(owner.keyId), secret, sessionToken: null } as const;
  const destination = openS3(await s3Settings({ credentials: keys }));
  const failure = await destination.ready().catch((error: unknown) => error);
  assert.ok(failure instanceof Failure);
  assert.equal(failure.code, "destination.denied");
  assert.match(failure.message, /SignatureDoesNotMatch/);
  assert.match(failure.hint ?? "", /set the secret anew/);
  assert.doesNotMatch(`${failure.message} ${JSON.stringify(failure.context)}`, /not-the-secret/);
  // A removal by somebody who is not let in is no "kept for now": prune would take it for a lock.
  await assert.rejects(destination.remove("a.sql"), hasCode("destination.denied"));
});

test("an unknown key and an unknown bucket are told apart", async () => {
  const settings = await s3Settings();
  const keys = {
    kind: "keys",
    keyId: new Secret("AKIANOBODY"),
    secret: new Secret("x"),
    sessionToken: null,
  } as const;
  await assert.rejects(openS3({ ...settings, credentials: keys }).ready(), (error: unknown) => {
    assert.ok(error instanceof Failure);
    assert.match(`${error.code} ${error.message}`, /^destination\.denied .*InvalidAccessKeyId/);
    return true;
  });
  await assert.rejects(openS3({ ...settings, bucket: "no-such" }).ready(), hasCode("destination.missing"));
  await assert.rejects(
    openS3({ ...settings, bucket: "no-such" }).initialise(),
    hasCode("destination.missing"),
  );
});

test("credentials that may not remove can back up; every removal is refused, and nothing is lost", async () => {
  const { addUser } = await ceph();
  const writer = await addUser("appender");
  const bucket = await bucketOf("append-only");
  const client = await ownerClient();
  const policy = appendOnlyPolicy(bucket, `arn:aws:iam:::user/${writer.name}`);
  await client.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy: JSON.stringify(policy) }));
  const settings = await s3Settings({ bucket, partBytes: 5 * 1024 * 1024, integrity: "crc32" }, writer);
  const destination = openS3(settings);
  await destination.initialise();
  assert.deepEqual((await destination.ready()).warnings, []);
  const bytes = randomBytes(6 * 1024 * 1024);
  const staged = await stageBytes(destination, "a.sql", bytes);
  await staged.publish();
  await destination.put("a.manifest.json", Buffer.from("{}"), runId);
  assert.equal(await destination.remove("a.sql"), "retained");
  assert.deepEqual(await destination.read("a.sql"), bytes);
  await assert.rejects(destination.put("a.sql", Buffer.from("x"), "run2"), hasCode("destination.exists"));

  // What a run leaves is not removed either, and says so.
  const left = await stageBytes(destination, "b.sql", Buffer.from("x"));
  await left.discard();
  const later = openS3(settings);
  const [found] = await later.listStaged();
  assert.equal(found?.name, "b.sql");
  assert.ok(found);
  await assert.rejects(later.discardStaged(found), hasCode("destination.denied"));
  // The parts of an upload that was given up may be removed: nobody has read them.
  const half = await destination.stage("c.sql", runId);
  await new Promise((resolve) => half.sink.write(randomBytes(11 * 1024 * 1024), resolve));
  await half.discard();
  assert.deepEqual(await openS3Store(settings).listUploads(), []);
  assert.ok(!(await namesOf(later)).includes("c.sql"));
});

test("a clock that is an hour ahead does not lose the backup: the library asks again with the server's", async () => {
  const destination = openS3(await s3Settings());
  mock.timers.enable({ apis: ["Date"], now: Date.now() + 3_600_000 });
  try {
    await destination.put("a.sql", Buffer.from("x"), runId);
    assert.equal((await destination.read("a.sql")).toString(), "x");
  } finally {
    mock.timers.reset();
  }
});
