/**
 * Uploads so many bytes to a bucket, by our driver or by the SDK's own lib-storage, with the same parts:
 * away-s3.ts ours|lib-storage ENDPOINT BUCKET KEYID SECRET KEY BYTES
 */
import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { S3Client } from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { createS3Destination } from "../../src/destinations/objects/s3/s3-destination.ts";
import { Secret } from "../../src/domain/secret.ts";
import { createSystemClock } from "../../src/platform/clock.ts";
import { createSilentLog } from "../../src/platform/log.ts";

const [who = "", endpoint = "", bucket = "", keyId = "", secret = "", key = "", size = "0"] =
  process.argv.slice(2);
const partBytes = 8 * 1024 * 1024;
const concurrency = 4;

/** Pieces as a dump's pipe gives them. */
function* pieces(): Generator<Buffer> {
  const pool = randomBytes(4 * 1024 * 1024);
  const pieceBytes = 64 * 1024;
  for (let done = 0; done < Number(size); done += pieceBytes) {
    const start = done % pool.length;
    yield pool.subarray(start, start + Math.min(pieceBytes, Number(size) - done));
  }
}

const source = Readable.from(pieces(), { objectMode: false });
if (who === "ours") {
  const keys = { keyId: new Secret(keyId), secret: new Secret(secret), sessionToken: null };
  const traits = { kind: "s3", isOffSite: true, medium: "s3", readBack: "full", isReadOnly: false } as const;
  const destination = createS3Destination(
    {
      ...{ name: "bench", bucket, prefix: "", region: "us-east-1", endpoint, pathStyle: true },
      credentials: { kind: "keys", ...keys },
      ...{ storageClass: null, encryption: null, lock: null, partBytes, integrity: "md5", concurrency },
      ...{ caFile: null, proxy: null, traits, swornImmutableDays: null },
    },
    {
      clock: createSystemClock(),
      log: createSilentLog(),
      randomToken: (length) => randomBytes(length).toString("hex").slice(0, length),
      tool: "codex-backup",
    },
  );
  const staged = await destination.stage(key, "20261123T010000Z-abc123", Number(size));
  await pipeline(source, staged.sink);
  await destination.close();
} else {
  const client = new S3Client({
    ...{ region: "us-east-1", endpoint, forcePathStyle: true },
    credentials: { accessKeyId: keyId, secretAccessKey: secret },
  });
  const params = { Bucket: bucket, Key: key, Body: source };
  await new Upload({ client, params, partSize: partBytes, queueSize: concurrency }).done();
  client.destroy();
}
