import type { Destination } from "../../destination.ts";
import type { RemoteDeps } from "../../remote-deps.ts";
import { createObjectDestination } from "../object-destination.ts";
import { createS3Store } from "./s3-store.ts";
import type { S3Settings } from "./settings.ts";

/** A folder of a bucket: Amazon S3, Ceph, MinIO, R2, B2, Wasabi, Google's by its XML interface. */
export function createS3Destination(settings: S3Settings, deps: RemoteDeps): Destination {
  const { name, bucket, prefix, endpoint, traits, partBytes, concurrency } = settings;
  const host = endpoint === null ? "" : ` at ${new URL(endpoint).host}`;
  const location = `s3://${prefix === "" ? bucket : `${bucket}/${prefix}`}${host}`;
  const shared = { name, location, traits, partBytes, concurrency };
  return createObjectDestination(shared, createS3Store(settings, deps), deps);
}
