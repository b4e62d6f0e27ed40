import type { RemoteDeps } from "../../remote-deps.ts";
import type { OpenS3, S3Connection } from "./s3-client.ts";
import { type S3Attempt, translateS3Error } from "./s3-failure.ts";
import type { S3Settings } from "./settings.ts";

/** What all steps of the driver share. */
export interface S3Asking {
  readonly settings: S3Settings;
  readonly deps: RemoteDeps;
  readonly connection: S3Connection;
  /** Names of one page of a list. */
  readonly pageKeys: number;
}

/** Asks the server once (the library tries again by itself) and translates what it throws. */
export async function ask<T>(
  { settings, deps, connection }: S3Asking,
  attempt: S3Attempt,
  work: (open: OpenS3) => Promise<T>,
): Promise<T> {
  try {
    return await work(await connection.open());
  } catch (error) {
    throw translateS3Error(error, attempt, { settings, now: deps.clock.now() });
  }
}

/** A key in the bucket. */
export function fullKey({ prefix }: S3Settings, key: string): string {
  return prefix === "" ? key : `${prefix}/${key}`;
}

/** The other way round; null for what lies elsewhere. */
export function ownKey({ prefix }: S3Settings, key: string | undefined): string | null {
  const start = prefix === "" ? "" : `${prefix}/`;
  return key?.startsWith(start) ? key.slice(start.length) : null;
}
