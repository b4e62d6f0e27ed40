import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { test } from "node:test";
import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { hasCode, hash, hashOf, namesOf, runId } from "../../contract/destination-steps.ts";
import { openS3, openS3Store, ownerClient, s3Settings } from "./s3-scene.ts";

const partBytes = 5 * 1024 * 1024;
const metadata = { codexrun: runId, codexupload: "0123456789abcdef" };

test("a long file goes in equal parts, and takes its name only when that is free", async () => {
  const settings = await s3Settings({ partBytes });
  const destination = openS3(settings);
  await destination.initialise();
  await destination.ready(); // by now it knows that the server honours conditions: of puts, not of uploads
  const bytes = randomBytes(2 * partBytes + 17);
  const staged = await destination.stage("a.sql", runId);
  await pipeline(Readable.from([bytes], { objectMode: false }), staged.sink);
  assert.equal(await hashOf(await staged.readBack()), hash(bytes));
  assert.deepEqual(await openS3Store(settings).listUploads(), []);

  // Somebody else takes the name while our parts are on their way.
  const late = await destination.stage("b.sql", "run2");
  late.sink.on("error", () => undefined);
  await new Promise((resolve) => late.sink.write(randomBytes(2 * partBytes), resolve));
  const client = await ownerClient();
  const key = `${settings.prefix}/b.sql`;
  await client.send(new PutObjectCommand({ Bucket: settings.bucket, Key: key, Body: "theirs" }));
  await assert.rejects(
    pipeline(Readable.from([Buffer.from("end")]), late.sink),
    hasCode("destination.exists"),
  );
  await late.discard();
  const { Body } = await client.send(new GetObjectCommand({ Bucket: settings.bucket, Key: key }));
  assert.equal(await Body?.transformToString(), "theirs");
  assert.deepEqual(await openS3Store(settings).listUploads(), []);
});

test("the server refuses a part whose bytes are not those that it was told of", async () => {
  const settings = await s3Settings();
  const store = openS3Store(settings);
  const upload = await store.begin("a.sql", metadata);
  const bytes = Buffer.from("as it was");
  const sent = upload.part(1, bytes, new AbortController().signal);
  bytes.write("altered!!"); // after its MD5 was taken, before it is on the wire
  await assert.rejects(sent, hasCode("destination.unreachable"));
  await upload.part(1, Buffer.from("as it is"), new AbortController().signal);
  await upload.complete();
  assert.equal((await openS3(settings).read("a.sql")).toString(), "as it is");
});

test("lists are whole when they come in small pages, and names in folders below are none of ours", async () => {
  const settings = await s3Settings();
  const store = openS3Store(settings, 3);
  const names = Array.from({ length: 8 }, (_, index) => `n${index} ä+&%.sql`);
  for (const name of [...names, "folder/inside.sql"]) await store.put(name, Buffer.from("x"), {});
  assert.deepEqual((await store.list()).map(({ key }) => key).sort(), names);
  assert.deepEqual(await namesOf(openS3(settings)), names);
  const uploads = names.slice(0, 5);
  for (const name of uploads) await store.begin(name, metadata);
  assert.deepEqual((await store.listUploads()).map(({ key }) => key).sort(), uploads);
  // A neighbour's names that begin alike are not seen.
  const neighbour = openS3Store({ ...settings, prefix: `${settings.prefix}0` });
  assert.deepEqual([await neighbour.list(), await neighbour.listUploads()], [[], []]);
});
