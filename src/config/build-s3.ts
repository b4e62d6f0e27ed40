import type { Secret } from "../domain/secret.ts";
import { complain, none, type Own, open, type StorageContext, webAccess } from "./build-storage.ts";
import type { S3Credentials, S3DestinationConfig, S3Encryption, S3Lock } from "./destination-config.ts";
import type { S3Keys } from "./schema/storage.ts";

const dayMs = 86_400_000;
const leastPartBytes = 5 * 1024 * 1024;
const mostPartBytes = 5 * 1024 ** 3;

/** Amazon's own store, or one that speaks its language: what is usual differs between them. */
export async function buildS3(keys: S3Keys, context: StorageContext): Promise<Own<S3DestinationConfig>> {
  const isAmazon = keys.endpoint === undefined;
  if (isAmazon && keys.region === undefined)
    complain(context, "region", "is missing; needed: where the bucket is, such as eu-central-1");
  const { bucket, prefix, concurrency } = keys;
  return {
    bucket,
    prefix,
    concurrency,
    region: keys.region ?? "us-east-1",
    endpoint: keys.endpoint?.replace(/\/+$/, "") ?? null,
    pathStyle: keys.pathStyle ?? !isAmazon,
    credentials: await credentialsOf(keys, context),
    storageClass: classOf(keys, context),
    encryption: encryptionOf(keys, context),
    lock: lockOf(keys, context),
    partBytes: partBytesOf(keys, context),
    integrity: keys.integrity ?? (isAmazon ? "crc32" : "md5"),
    ...webAccess(keys, "endpoint", { ...context, instead: "keyIdFile and secretFile" }),
  };
}

async function credentialsOf(keys: S3Keys, context: StorageContext): Promise<S3Credentials> {
  const keyId = await open("keyId", { value: keys.keyId, file: keys.keyIdFile }, context);
  const secret = await open("secret", { value: keys.secret, file: keys.secretFile }, context);
  const sessionToken = await open(
    "sessionToken",
    { value: keys.sessionToken, file: keys.sessionTokenFile },
    context,
  );
  if (secret === null) {
    if (keyId !== null) complain(context, "secret", "is missing beside keyId; needed: secret or secretFile");
    else if (sessionToken !== null)
      complain(context, "keyId", "is missing beside sessionToken; needed: keyId and secret too");
    return { kind: "chain" };
  }
  if (keyId !== null) return { kind: "keys", keyId, secret, sessionToken };
  return { kind: "keys", ...pairOf(secret, context), sessionToken };
}

/** The form of s3fs's password file: one secret, and nothing else in it. */
function pairOf(
  both: Secret,
  context: StorageContext,
): Pick<Extract<S3Credentials, { kind: "keys" }>, "keyId" | "secret"> {
  const text = both.reveal();
  if (text === "") return { keyId: context.opener.part(both, ""), secret: both }; // closed, or reported already
  const [, keyId, secret] = /^([^:\s]+):(\S+)$/.exec(text) ?? [];
  if (keyId === undefined || secret === undefined) {
    complain(
      context,
      "keyId",
      "is missing beside secret; needed: keyId or keyIdFile, or KEYID:SECRET in one line",
    );
    return { keyId: none, secret: both };
  }
  return { keyId: context.opener.part(both, keyId), secret: context.opener.part(both, secret) };
}

function classOf({ storageClass }: S3Keys, context: StorageContext): string | null {
  if (storageClass === "GLACIER" || storageClass === "DEEP_ARCHIVE")
    complain(
      context,
      "storageClass",
      `is "${storageClass}", from which nothing can be read back; allowed: GLACIER_IR, STANDARD_IA, …, or a lifecycle rule of the bucket`,
    );
  return storageClass ?? null;
}

function encryptionOf({ encryption, kmsKey }: S3Keys, context: StorageContext): S3Encryption | null {
  if (kmsKey !== undefined && encryption !== "aws:kms")
    complain(context, "kmsKey", 'has nothing to do; needed beside it: encryption: "aws:kms"');
  if (encryption === undefined) return null;
  return encryption === "AES256" ? { kind: "AES256" } : { kind: "aws:kms", keyId: kmsKey ?? null };
}

function lockOf({ lock }: S3Keys, context: StorageContext): S3Lock | null {
  if (lock === undefined) return null;
  const days = lock.for / dayMs;
  if (!Number.isInteger(days))
    complain(context, "lock", "has a time that is not of whole days; allowed: 30d and the like");
  return { mode: lock.mode === "compliance" ? "COMPLIANCE" : "GOVERNANCE", days };
}

function partBytesOf({ partSize }: S3Keys, context: StorageContext): number | null {
  if (partSize === undefined) return null;
  if (partSize < leastPartBytes || partSize > mostPartBytes)
    complain(context, "partSize", "is out of range; allowed: 5 MiB to 5 GiB");
  return partSize;
}
