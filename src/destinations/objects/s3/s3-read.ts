import { Readable, Transform } from "node:stream";
import { Failure } from "../../../domain/failure.ts";
import type { ByteRange } from "../../destination.ts";
import type { ListedObject, ObjectHead, UnfinishedUpload } from "../object-store.ts";
import { ask, fullKey, ownKey, type S3Asking } from "./s3-asking.ts";
import { translateS3Error } from "./s3-failure.ts";

/** Null when there is no such object. */
export async function headObject(asking: S3Asking, name: string): Promise<ObjectHead | null> {
  const { settings } = asking;
  const key = fullKey(settings, name);
  try {
    const found = await ask(asking, { verb: "look at", key, action: "s3:GetObject" }, ({ client, sdk }) =>
      client.send(new sdk.HeadObjectCommand({ Bucket: settings.bucket, Key: key })),
    );
    return {
      sizeBytes: found.ContentLength ?? 0,
      modifiedMs: found.LastModified?.getTime() ?? 0,
      metadata: found.Metadata ?? {},
      retainedUntilMs: found.ObjectLockRetainUntilDate?.getTime() ?? null,
    };
  } catch (error) {
    if (error instanceof Failure && error.code === "destination.not-found") return null;
    throw error;
  }
}

/** The stream fails unless every byte that the server has promised has come. */
export async function getObject(asking: S3Asking, name: string, range: ByteRange | null): Promise<Readable> {
  const { settings } = asking;
  const key = fullKey(settings, name);
  const attempt = { verb: "read", key, action: "s3:GetObject" };
  if (range?.length === 0) return Readable.from([]);
  const found = await ask(asking, attempt, async ({ client, sdk }) => {
    const Range = range && `bytes=${range.start}-${range.start + range.length - 1}`;
    const input = { Bucket: settings.bucket, Key: key, ...(Range && { Range }) };
    return client.send(new sdk.GetObjectCommand(input));
  }).catch((error: unknown) => {
    if (range !== null && error instanceof Failure && error.context.code === "InvalidRange") return null;
    throw error;
  });
  if (found === null) return Readable.from([]); // the range begins behind the end
  const { Body, ContentLength, ContentRange } = found;
  if (!(Body instanceof Readable)) throw noBody(key);
  if (range !== null && ContentRange === undefined) {
    Body.destroy();
    throw ignoresRange(key);
  }
  const translate = (error: unknown) =>
    translateS3Error(error, attempt, { settings, now: asking.deps.clock.now() });
  return complete(Body, ContentLength ?? null, { key, translate });
}

function complete(
  body: Readable,
  expectedBytes: number | null,
  { key, translate }: { readonly key: string; readonly translate: (error: unknown) => Failure },
): Readable {
  let sizeBytes = 0;
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      sizeBytes += chunk.length;
      done(null, chunk);
    },
    flush(done) {
      const isWhole = expectedBytes === null || sizeBytes === expectedBytes;
      done(isWhole ? null : cutOff(key, sizeBytes, expectedBytes));
    },
  });
  body.on("error", (error) => counted.destroy(translate(error)));
  counted.on("close", () => body.destroy());
  return body.pipe(counted);
}

/** Every object, page by page; what lies in folders below is left out. */
export async function listObjects(asking: S3Asking): Promise<readonly ListedObject[]> {
  const { settings, pageKeys } = asking;
  const attempt = { verb: "list", key: null, action: "s3:ListBucket" };
  const found: ListedObject[] = [];
  const seen = new Set<string>();
  for (let token: string | undefined; ; ) {
    const from = token;
    const page = await ask(asking, attempt, ({ client, sdk }) =>
      client.send(
        new sdk.ListObjectsV2Command({
          Bucket: settings.bucket,
          Delimiter: "/",
          MaxKeys: pageKeys,
          ...(settings.prefix !== "" && { Prefix: `${settings.prefix}/` }),
          ...(from !== undefined && { ContinuationToken: from }),
        }),
      ),
    );
    for (const { Key, Size = 0, LastModified } of page.Contents ?? []) {
      const key = ownKey(settings, Key);
      if (key !== null) found.push({ key, sizeBytes: Size, modifiedMs: LastModified?.getTime() ?? 0 });
    }
    if (!page.IsTruncated) return found;
    token = page.NextContinuationToken;
    if (token === undefined || seen.has(token)) throw brokenPages(settings.bucket);
    seen.add(token);
  }
}

/** Uploads that were begun below our prefix and not completed. None where the server cannot list them. */
export async function listUploads(asking: S3Asking): Promise<readonly UnfinishedUpload[]> {
  const { settings } = asking;
  const attempt = { verb: "list uploads of", key: null, action: "s3:ListBucketMultipartUploads" };
  const found: UnfinishedUpload[] = [];
  const seen = new Set<string>();
  for (let marker: { readonly KeyMarker?: string; readonly UploadIdMarker?: string } = {}; ; ) {
    const from = marker;
    const page = await ask(asking, attempt, ({ client, sdk }) =>
      client.send(
        new sdk.ListMultipartUploadsCommand({
          Bucket: settings.bucket,
          MaxUploads: asking.pageKeys,
          ...(settings.prefix !== "" && { Prefix: `${settings.prefix}/` }),
          ...from,
        }),
      ),
    ).catch((error: unknown) => {
      if (error instanceof Failure && error.context.status === 501) return null;
      throw error;
    });
    if (page === null) return [];
    for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
      const key = ownKey(settings, Key);
      if (key !== null && UploadId !== undefined)
        found.push({ key, handle: UploadId, startedMs: Initiated?.getTime() ?? 0 });
    }
    if (!page.IsTruncated) return found;
    const { NextKeyMarker: KeyMarker, NextUploadIdMarker: UploadIdMarker } = page;
    const place = `${KeyMarker}\0${UploadIdMarker}`;
    if (KeyMarker === undefined || seen.has(place)) throw brokenPages(settings.bucket);
    seen.add(place);
    marker = { KeyMarker, ...(UploadIdMarker !== undefined && { UploadIdMarker }) };
  }
}

function brokenPages(bucket: string): Failure {
  return new Failure(
    "destination.io",
    `Cannot list "s3://${bucket}": the server says that there is more, and gives no way to it`,
    { hint: "Report this to whoever runs the server; nothing was changed." },
  );
}

function cutOff(key: string, sizeBytes: number, expectedBytes: number | null): Failure {
  return new Failure(
    "destination.unreachable",
    `Cannot read "${key}": it ended after ${sizeBytes} of ${expectedBytes} bytes`,
    { hint: "Try again." },
  );
}

function ignoresRange(key: string): Failure {
  return new Failure("destination.io", `Cannot read a part of "${key}": the server ignores ranges`, {
    hint: "Look for a proxy between here and the server that removes the Range header.",
  });
}

function noBody(key: string): Failure {
  return new Failure("destination.io", `Cannot read "${key}": the server's answer has no body`, {
    hint: "See whether the endpoint speaks the S3 protocol.",
  });
}
