import type { Immutability } from "../../../domain/copies/storage-traits.ts";
import { Failure } from "../../../domain/failure.ts";
import { ask, type S3Asking } from "./s3-asking.ts";

/** Of new objects: by our own lock, else by the bucket's default, else by the operator's word. */
export async function readImmutability(asking: S3Asking): Promise<Immutability | null> {
  const { lock, swornImmutableDays } = asking.settings;
  if (lock !== null) return { by: "object-lock", days: lock.days }; // a bucket without locks refuses the upload
  const days = await defaultRetentionDays(asking);
  if (days !== null) return { by: "object-lock", days };
  return swornImmutableDays === null ? null : { by: "sworn", days: swornImmutableDays };
}

/** Null: there is none, or the server does not tell. */
async function defaultRetentionDays(asking: S3Asking): Promise<number | null> {
  const { bucket } = asking.settings;
  const attempt = { verb: "read the lock of", key: null, action: "s3:GetBucketObjectLockConfiguration" };
  try {
    const { ObjectLockConfiguration } = await ask(asking, attempt, ({ client, sdk }) =>
      client.send(new sdk.GetObjectLockConfigurationCommand({ Bucket: bucket })),
    );
    const { Days, Years } = ObjectLockConfiguration?.Rule?.DefaultRetention ?? {};
    return Days ?? (Years === undefined ? null : Years * 365);
  } catch (error) {
    // That the network or the server failed is no word about locks; every other answer is "none that we may see".
    if (error instanceof Failure && error.code !== "destination.unreachable") return null;
    throw error;
  }
}
