import { randomBytes } from "node:crypto";
import { after } from "node:test";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import type { Destination } from "../../../src/destinations/destination.ts";
import type { ObjectStore } from "../../../src/destinations/objects/object-store.ts";
import { createS3Destination } from "../../../src/destinations/objects/s3/s3-destination.ts";
import { createS3Store } from "../../../src/destinations/objects/s3/s3-store.ts";
import type { S3Settings } from "../../../src/destinations/objects/s3/settings.ts";
import type { RemoteDeps } from "../../../src/destinations/remote-deps.ts";
import { Secret } from "../../../src/domain/secret.ts";
import { createSystemClock } from "../../../src/platform/clock.ts";
import { createSilentLog } from "../../../src/platform/log.ts";
import { plainTraits } from "../../fakes/plain-traits.ts";
import { type CephUser, type RunningCeph, startCeph } from "../../servers/ceph.ts";

let starting: Promise<RunningCeph> | null = null;
const ours = new Set<{ close(): Promise<void> | void }>();

after(async () => {
  for (const one of ours) await one.close();
  await (await starting)?.stop();
});

/** One server for all tests of this process. */
export function ceph(): Promise<RunningCeph> {
  starting ??= startCeph();
  return starting;
}

const deps: RemoteDeps = {
  clock: createSystemClock(),
  log: createSilentLog(),
  randomToken: (length) => randomBytes(length).toString("hex").slice(0, length),
  tool: "codex-backup 0.0.0",
};

/** The server's own client, for what a bucket's owner does by hand. */
export async function ownerClient(): Promise<S3Client> {
  const { endpoint, owner } = await ceph();
  const client = new S3Client({
    endpoint,
    region: "us-east-1",
    forcePathStyle: true,
    credentials: { accessKeyId: owner.keyId, secretAccessKey: owner.secret },
  });
  ours.add({ close: () => client.destroy() });
  return client;
}

const buckets = new Map<string, Promise<string>>();

/** Makes it when it is first asked for. */
export function bucketOf(name: string, options: { readonly hasLocks?: boolean } = {}): Promise<string> {
  const made = buckets.get(name) ?? makeBucket(name, options);
  buckets.set(name, made);
  return made;
}

async function makeBucket(
  name: string,
  { hasLocks = false }: { readonly hasLocks?: boolean },
): Promise<string> {
  const client = await ownerClient();
  await client.send(new CreateBucketCommand({ Bucket: name, ObjectLockEnabledForBucket: hasLocks }));
  return name;
}

let count = 0;

/** A prefix that no other test uses. */
export function newPrefix(): string {
  count += 1;
  return `test/${count}`;
}

/** Of the server's owner unless `user` is another. */
export async function s3Settings(given: Partial<S3Settings> = {}, user?: CephUser): Promise<S3Settings> {
  const { endpoint, owner } = await ceph();
  const { keyId, secret } = user ?? owner;
  return {
    name: "offsite",
    bucket: await bucketOf("plain"),
    prefix: newPrefix(),
    region: "us-east-1",
    endpoint,
    pathStyle: true,
    credentials: {
      kind: "keys",
      keyId: new Secret(keyId),
      secret: new Secret(secret),
      sessionToken: null,
    },
    storageClass: null,
    encryption: null,
    lock: null,
    partBytes: null,
    integrity: "md5",
    concurrency: 3,
    caFile: null,
    proxy: null,
    traits: { ...plainTraits, kind: "s3", isOffSite: true },
    swornImmutableDays: null,
    ...given,
  };
}

/** Closed when all tests are over. */
export function openS3(settings: S3Settings): Destination {
  const destination = createS3Destination(settings, deps);
  ours.add(destination);
  return destination;
}

/** With lists cut into pages of so many names. */
export function openS3Store(settings: S3Settings, pageKeys?: number): ObjectStore {
  const store = createS3Store(settings, deps, pageKeys);
  ours.add(store);
  return store;
}
