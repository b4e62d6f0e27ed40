import type { Immutability } from "../../../domain/copies/storage-traits.ts";
import { Failure } from "../../../domain/failure.ts";
import type { Instant } from "../../../domain/instant.ts";
import { ask, type S3Asking } from "./s3-asking.ts";
import type { S3Lock } from "./settings.ts";

const dayMs = 24 * 60 * 60 * 1000;

/** Of new objects: by our own lock, else by the bucket's default, else by the operator's word. */
export async function readImmutability(asking: S3Asking): Promise<Immutability | null> {
  const { lock, swornImmutableDays } = asking.settings;
  if (lock !== null) return { by: "object-lock", days: lock.days }; // a bucket without locks refuses the upload
  const days = await defaultRetentionDays(asking);
  if (days !== null) return { by: "object-lock", days };
  return swornImmutableDays === null ? null : { by: "sworn", days: swornImmutableDays };
}

/** The end of a lock that begins now. */
export function lockedUntil({ days }: S3Lock, now: Instant): Date {
  return new Date(now + days * dayMs);
}

/**
 * Of an object that was uploaded in parts: servers there are that take the lock with the first request and do not
 * set it (Ceph 16). Throws "destination.denied" when it cannot be locked: it is not what the config promises.
 */
export async function lockUploaded(asking: S3Asking, key: string): Promise<void> {
  const { settings, deps } = asking;
  const { bucket, lock } = settings;
  if (lock === null) return;
  const at = { Bucket: bucket, Key: key };
  const looking = { verb: "look at the lock of", key, action: "s3:GetObjectRetention" };
  const found = await ask(asking, looking, ({ client, sdk }) => client.send(new sdk.HeadObjectCommand(at)));
  if (found.ObjectLockMode === lock.mode && found.ObjectLockRetainUntilDate !== undefined) return;
  const locking = { verb: "lock", key, action: "s3:PutObjectRetention" };
  const Retention = { Mode: lock.mode, RetainUntilDate: lockedUntil(lock, deps.clock.now()) };
  await ask(asking, locking, ({ client, sdk }) =>
    client.send(new sdk.PutObjectRetentionCommand({ ...at, Retention })),
  );
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
