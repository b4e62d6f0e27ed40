import { Failure } from "../../../domain/failure.ts";
import type { RemoteDeps } from "../../remote-deps.ts";
import type { ObjectMetadata, ObjectStore } from "../object-store.ts";
import { fullKey, type S3Asking } from "./s3-asking.ts";
import { createS3Connection } from "./s3-client.ts";
import { readImmutability } from "./s3-lock.ts";
import { getObject, headObject, listObjects, listUploads } from "./s3-read.ts";
import { removeObject } from "./s3-remove.ts";
import { abortUpload, beginUpload, openUpload, putObject } from "./s3-write.ts";
import type { S3Settings } from "./settings.ts";

const mebibyte = 1024 * 1024;

/** A bucket of S3, or of what speaks it. Nothing is loaded or asked before the first call. */
export function createS3Store(settings: S3Settings, deps: RemoteDeps, pageKeys = 1000): ObjectStore {
  const connection = createS3Connection(settings);
  const asking: S3Asking = { settings, deps, connection, pageKeys };
  /** False: the server does not even take a request with a condition, so names are only looked up. */
  let takesConditions = true;

  async function put(key: string, bytes: Uint8Array, metadata: ObjectMetadata): Promise<void> {
    const object = { key, bytes, metadata };
    try {
      await putObject(asking, { ...object, isConditional: takesConditions });
    } catch (error) {
      if (!takesConditions || !isNotImplemented(error)) throw error;
      takesConditions = false;
      await putObject(asking, { ...object, isConditional: false });
    }
  }

  async function refusesOverwrite(key: string, bytes: Uint8Array): Promise<boolean> {
    try {
      await put(key, bytes, {});
      return false;
    } catch (error) {
      if (error instanceof Failure && error.code === "destination.exists") return true;
      throw error;
    }
  }

  return {
    limits: { minBytes: 5 * mebibyte, maxBytes: 5 * 1024 * mebibyte, maxParts: 10_000 },
    put,
    begin: async (key, metadata) =>
      openUpload(asking, await beginUpload(asking, key, metadata), () => takesConditions),
    head: (key) => headObject(asking, key),
    get: (key, range) => getObject(asking, key, range),
    list: () => listObjects(asking),
    listUploads: () => listUploads(asking),
    abortUpload: ({ key, handle }) => abortUpload(asking, { key: fullKey(settings, key), uploadId: handle }),
    remove: (key) => removeObject(asking, key),
    refusesOverwrite,
    immutability: () => readImmutability(asking),
    close: async () => connection.close(),
  };
}

function isNotImplemented(error: unknown): boolean {
  return (
    error instanceof Failure && (error.context.status === 501 || error.context.code === "NotImplemented")
  );
}
