import { fileURLToPath } from "node:url";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { startCeph } from "../../tests/servers/ceph.ts";
import type { Bench } from "../bench-parts.ts";
import { type Contender, takeTurns } from "../pairs.ts";
import { atMost, peakOf, wallOf } from "../results.ts";

const uploader = fileURLToPath(new URL("./away-s3.ts", import.meta.url));

/** The upload to a real Ceph gateway, against lib-storage's with the same parts; `sizeBytes` of random bytes. */
export async function benchAwayS3({ rounds, results }: Bench, sizeBytes: number): Promise<void> {
  const { endpoint, owner, stop } = await startCeph();
  const client = new S3Client({
    ...{ region: "us-east-1", endpoint, forcePathStyle: true },
    credentials: { accessKeyId: owner.keyId, secretAccessKey: owner.secret },
  });
  try {
    await client.send(new CreateBucketCommand({ Bucket: "bench" }));
    let count = 0;
    const contender = (name: string): Contender => ({
      name,
      get argv() {
        count += 1;
        const keys = [endpoint, "bench", owner.keyId, owner.secret, `k${count}`, String(sizeBytes)];
        return [process.execPath, uploader, name, ...keys];
      },
    });
    const [ours, theirs] = await takeTurns([contender("ours"), contender("lib-storage")], rounds);
    results.note(
      `upload of ${Math.round(sizeBytes / 1e6)} MB to S3 (Ceph, 8 MiB parts, four at a time), against lib-storage`,
      wallOf(ours),
      wallOf(theirs),
      atMost(1 / 0.95),
    );
    results.memory("the upload to S3", peakOf(ours), 250);
    results.memory("the same by lib-storage", peakOf(theirs), 250);
  } finally {
    client.destroy();
    await stop();
  }
}
