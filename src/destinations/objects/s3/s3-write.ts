import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import type { PutObjectCommandInput } from "@aws-sdk/client-s3";
import { Failure } from "../../../domain/failure.ts";
import type { ObjectMetadata, ObjectUpload } from "../object-store.ts";
import { ask, fullKey, type S3Asking } from "./s3-asking.ts";
import { lockedUntil, lockUploaded } from "./s3-lock.ts";
import type { S3Settings } from "./settings.ts";

/** Bytes that arrived altered are sent anew so often. */
const triesOfPart = 3;

/** Storage class, encryption, lock: of every object, however it is uploaded. */
function objectOptions(
  asking: S3Asking,
): Partial<Pick<PutObjectCommandInput, "StorageClass" | "ServerSideEncryption" | "SSEKMSKeyId">> &
  Pick<PutObjectCommandInput, "ObjectLockMode" | "ObjectLockRetainUntilDate"> {
  const { storageClass, encryption, lock } = asking.settings;
  return {
    // The server checks the class; the library's type knows Amazon's only.
    ...(storageClass !== null && { StorageClass: storageClass as "STANDARD" }),
    ...(encryption !== null && { ServerSideEncryption: encryption.kind }),
    ...(encryption?.kind === "aws:kms" && encryption.keyId !== null && { SSEKMSKeyId: encryption.keyId }),
    ...(lock !== null && {
      ObjectLockMode: lock.mode,
      ObjectLockRetainUntilDate: lockedUntil(lock, asking.deps.clock.now()),
    }),
  };
}

export interface Check {
  readonly ContentMD5?: string;
  readonly ChecksumCRC32?: string;
}

/** What the server compares the bytes with. A locked object is taken with an MD5 or a checksum only. */
function checkOf({ integrity, lock }: S3Settings, bytes: Uint8Array): Check {
  if (integrity === "crc32") {
    const sum = Buffer.alloc(4);
    sum.writeUInt32BE(crc32(bytes));
    return { ChecksumCRC32: sum.toString("base64") };
  }
  if (integrity === "none" && lock === null) return {};
  return { ContentMD5: createHash("md5").update(bytes).digest("base64") };
}

export interface ObjectToPut {
  readonly key: string;
  readonly bytes: Uint8Array;
  readonly metadata: ObjectMetadata;
  /** Refused when the name is taken. */
  readonly isConditional: boolean;
}

/** One request; whole or not at all. */
export async function putObject(asking: S3Asking, object: ObjectToPut): Promise<void> {
  const { settings } = asking;
  const key = fullKey(settings, object.key);
  const check = checkOf(settings, object.bytes);
  await ask(asking, { verb: "write", key, action: "s3:PutObject" }, async ({ client, sdk }) => {
    const { bytes, metadata, isConditional } = object;
    const { ETag, ServerSideEncryption } = await client.send(
      new sdk.PutObjectCommand({
        Bucket: settings.bucket,
        Key: key,
        Body: bytes,
        Metadata: { ...metadata },
        ...check,
        ...objectOptions(asking),
        ...(isConditional && { IfNoneMatch: "*" }),
      }),
    );
    refuseAltered(key, check, { etag: ETag, encryption: ServerSideEncryption });
  });
}

/** Starts an upload in parts: nobody sees it before it is complete. */
export async function beginUpload(
  asking: S3Asking,
  name: string,
  metadata: ObjectMetadata,
): Promise<{ readonly key: string; readonly uploadId: string }> {
  const { settings } = asking;
  const key = fullKey(settings, name);
  const attempt = { verb: "start", key, action: "s3:PutObject" };
  const { UploadId } = await ask(asking, attempt, ({ client, sdk }) =>
    client.send(
      new sdk.CreateMultipartUploadCommand({
        Bucket: settings.bucket,
        Key: key,
        Metadata: { ...metadata },
        ...(settings.integrity === "crc32" && { ChecksumAlgorithm: "CRC32" }),
        ...objectOptions(asking),
      }),
    ),
  );
  if (UploadId !== undefined) return { key, uploadId: UploadId };
  throw new Failure(
    "destination.io",
    `Cannot start "${key}" at "s3://${settings.bucket}": it got no upload id`,
    {
      hint: "See whether the endpoint speaks the S3 protocol.",
    },
  );
}

/** An upload that was begun. `isConditional` is asked when it is completed. */
export function openUpload(
  asking: S3Asking,
  { key, uploadId }: { readonly key: string; readonly uploadId: string },
  isConditional: () => boolean,
): ObjectUpload {
  const { settings } = asking;
  const at = { Bucket: settings.bucket, Key: key, UploadId: uploadId };
  const done = new Map<number, Check & { readonly ETag: string | undefined }>();
  return {
    handle: uploadId,
    async part(number, bytes, signal) {
      const check = checkOf(settings, bytes);
      const etag = await sendPart(asking, { at, number, bytes, check }, signal);
      done.set(number, { ETag: etag, ...(check.ChecksumCRC32 && { ChecksumCRC32: check.ChecksumCRC32 }) });
    },
    async complete() {
      const Parts = [...done]
        .sort(([a], [b]) => a - b)
        .map(([PartNumber, part]) => ({ ...part, PartNumber }));
      await ask(asking, { verb: "complete", key, action: "s3:PutObject" }, ({ client, sdk }) =>
        client.send(
          new sdk.CompleteMultipartUploadCommand({
            ...at,
            MultipartUpload: { Parts },
            ...(isConditional() && { IfNoneMatch: "*" }),
          }),
        ),
      );
    },
    ...(settings.lock !== null && { secure: () => lockUploaded(asking, key) }),
    abort: () => abortUpload(asking, { key, uploadId }),
  };
}

/** Removes the parts of an upload; fine when it is gone. */
export async function abortUpload(
  asking: S3Asking,
  { key, uploadId }: { readonly key: string; readonly uploadId: string },
): Promise<void> {
  const attempt = { verb: "remove the parts of", key, action: "s3:AbortMultipartUpload" };
  try {
    await ask(asking, attempt, ({ client, sdk }) =>
      client.send(
        new sdk.AbortMultipartUploadCommand({
          Bucket: asking.settings.bucket,
          Key: key,
          UploadId: uploadId,
        }),
      ),
    );
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== "destination.not-found") throw error;
  }
}

interface Part {
  readonly at: { readonly Bucket: string; readonly Key: string; readonly UploadId: string };
  readonly number: number;
  readonly bytes: Buffer;
  readonly check: Check;
}

/** The server's tag of the part. Throws the signal's reason when it was given up. */
async function sendPart(asking: S3Asking, part: Part, signal: AbortSignal): Promise<string | undefined> {
  const { at, number, bytes, check } = part;
  const attempt = { verb: `write part ${number} of`, key: at.Key, action: "s3:PutObject" };
  for (let tries = 1; ; tries += 1) {
    try {
      return await ask(asking, attempt, async ({ client, sdk }) => {
        const request = { ...at, PartNumber: number, Body: bytes, ContentLength: bytes.length, ...check };
        const sent = await client.send(new sdk.UploadPartCommand(request), { abortSignal: signal });
        refuseAltered(at.Key, check, { etag: sent.ETag, encryption: sent.ServerSideEncryption });
        return sent.ETag;
      });
    } catch (error) {
      signal.throwIfAborted();
      if (tries >= triesOfPart || !isAltered(error)) throw error;
      asking.deps.log.warn(
        { error: error.message, destination: asking.settings.name },
        "a part is sent again",
      );
    }
  }
}

const alteredCodes: readonly unknown[] = ["BadDigest", "XAmzContentSHA256Mismatch", "InvalidDigest", "ETag"];

function isAltered(error: unknown): error is Failure {
  return error instanceof Failure && alteredCodes.includes(error.context.code);
}

/** Where the server's tag is an MD5 (not under a key of KMS), it must be that of our bytes. */
function refuseAltered(
  key: string,
  { ContentMD5 }: Check,
  { etag, encryption }: { readonly etag: string | undefined; readonly encryption: string | undefined },
): void {
  const [, found] = /^"?([0-9a-f]{32})"?$/.exec(etag ?? "") ?? [];
  if (ContentMD5 === undefined || found === undefined || encryption?.startsWith("aws:")) return;
  const sent = Buffer.from(ContentMD5, "base64").toString("hex");
  if (found === sent) return;
  throw new Failure(
    "destination.unreachable",
    `Cannot store "${key}": the server holds other bytes (MD5 ${found}) than were sent (${sent})`,
    {
      hint: "Look for a faulty network card, proxy or memory; for a server whose ETag is no MD5 set integrity: none.",
      context: { code: "ETag" },
    },
  );
}
