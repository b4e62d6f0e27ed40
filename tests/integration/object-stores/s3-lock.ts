import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import {
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectLockConfigurationCommand,
} from "@aws-sdk/client-s3";
import { contentOf, runId, stageBytes } from "../../contract/destination-steps.ts";
import { bucketOf, openS3, openS3Store, ownerClient, s3Settings } from "./s3-scene.ts";

const partBytes = 5 * 1024 * 1024;

test("a locked object is kept whatever we ask, large or small, and stands as before", async () => {
  const bucket = await bucketOf("locked", { hasLocks: true });
  const settings = await s3Settings({ bucket, partBytes, lock: { mode: "COMPLIANCE", days: 1 } });
  const destination = openS3(settings);
  await destination.initialise();
  assert.deepEqual((await destination.ready()).immutability, { by: "object-lock", days: 1 });
  const bytes = randomBytes(6 * 1024 * 1024);
  await (await stageBytes(destination, "a.sql", bytes)).publish();
  await destination.put("a.manifest.json", Buffer.from("{}"), runId);
  for (const name of ["a.sql", "a.manifest.json"]) {
    const until = (await openS3Store(settings).head(name))?.retainedUntilMs ?? 0;
    assert.ok(until > Date.now() + 23 * 3_600_000, `${name} is locked until ${until}`);
    assert.equal(await destination.remove(name), "retained");
    assert.notEqual(await destination.stat(name), null, "no delete marker hides it");
  }
  assert.deepEqual(await contentOf(await destination.open("a.sql")), bytes);
});

test("the bucket's own default of days is what makes it immutable", async () => {
  const bucket = await bucketOf("default-lock", { hasLocks: true });
  const client = await ownerClient();
  const rule = { DefaultRetention: { Mode: "COMPLIANCE", Days: 7 } } as const;
  await client.send(
    new PutObjectLockConfigurationCommand({
      Bucket: bucket,
      ObjectLockConfiguration: { ObjectLockEnabled: "Enabled", Rule: rule },
    }),
  );
  const store = openS3Store(await s3Settings({ bucket }));
  const upload = await store.begin("x.sql", {});
  await upload.part(1, Buffer.from("x"), new AbortController().signal);
  await upload.complete();
  const until = (await store.head("x.sql"))?.retainedUntilMs ?? 0;
  assert.ok(until > Date.now() + 6 * 24 * 3_600_000);
  assert.deepEqual(await store.immutability(), {
    by: "object-lock",
    days: 7,
  });
  const plain = await s3Settings();
  assert.equal(await openS3Store(plain).immutability(), null);
  const sworn = { by: "sworn", days: 30 };
  assert.deepEqual(await openS3Store({ ...plain, swornImmutableDays: 30 }).immutability(), sworn);
});

test("of a versioned bucket every version goes, those under a delete marker too", async () => {
  const bucket = await bucketOf("versioned");
  const client = await ownerClient();
  await client.send(
    new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: "Enabled" } }),
  );
  const settings = await s3Settings({ bucket });
  const destination = openS3(settings);
  const key = (name: string) => `${settings.prefix}/${name}`;
  for (const name of ["a.sql", "b.sql", "a.sql.more"]) await destination.put(name, Buffer.from("1"), runId);
  await client.send(new PutObjectCommand({ Bucket: bucket, Key: key("a.sql"), Body: "2" }));
  await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key("b.sql") }));
  assert.equal(await destination.remove("a.sql"), "removed");
  assert.equal(await destination.remove("b.sql"), "gone");
  const { Versions, DeleteMarkers } = await client.send(
    new ListObjectVersionsCommand({ Bucket: bucket, Prefix: settings.prefix }),
  );
  assert.deepEqual(
    [...(Versions ?? []), ...(DeleteMarkers ?? [])].map(({ Key }) => Key),
    [key("a.sql.more")],
  );
});
