import { createHash } from "node:crypto";
import type { BlobGetPropertiesResponse, ContainerClient } from "@azure/storage-blob";
import { Failure } from "../../../domain/failure.ts";
import { createAsking } from "../../layers/ask-again.ts";
import type { RemoteDeps } from "../../remote-deps.ts";
import type { ObjectHead, ObjectMetadata, ObjectStore } from "../object-store.ts";
import { openContainer } from "./azure-client.ts";
import { isRetained, translateAzure, wordOf } from "./azure-error.ts";
import { listBlobs } from "./azure-list.ts";
import { openBlob } from "./azure-read.ts";
import { beginUpload } from "./azure-upload.ts";
import { withDeadline } from "./deadline.ts";
import type { AzureSettings } from "./settings.ts";

export interface AzureDeps extends RemoteDeps {
  /** For messages. */
  readonly location: string;
}

/** What the steps share. */
export interface AzureParts {
  readonly settings: AzureSettings;
  readonly deps: AzureDeps;
  /** Opened by the first call. */
  container(): Promise<ContainerClient>;
  /** The blob's whole name. */
  nameOf(key: string): string;
  /** One request, which is given up when it takes far too long, and whose failure is told in our words. */
  request<T>(doing: string, sizeBytes: number, work: (signal: AbortSignal) => Promise<T>): Promise<T>;
}

/** Blocks: from 4,000 MiB on the service refuses one, and it takes 50,000 of them for a blob. The least is our own. */
const limits = { minBytes: 1024 * 1024, maxBytes: 4000 * 1024 * 1024, maxParts: 50_000 };

/**
 * Block blobs of one container. What becomes of blocks that no list of them names: nobody can remove them one by one,
 * nobody sees or pays for a blob of them, and the service drops them after a week. So there are no unfinished uploads
 * to list here: committing an empty list in order to delete it would take the name from another upload under way.
 */
export function createAzureStore(settings: AzureSettings, deps: AzureDeps): ObjectStore {
  let opened: Promise<ContainerClient> | null = null;
  const before = settings.prefix === "" ? "" : `${settings.prefix}/`;
  const parts: AzureParts = {
    settings,
    deps,
    container() {
      opened ??= openContainer(settings);
      return opened;
    },
    nameOf: (key) => `${before}${key}`,
    request: (doing, sizeBytes, work) =>
      withDeadline(deps.clock, { doing: `${doing} at ${deps.location}`, sizeBytes }, work),
  };
  const asking = createAsking(settings.name, deps);
  return {
    limits,
    put: (key, bytes, metadata) => put(parts, { key, bytes, metadata }),
    begin: (key, metadata) => beginUpload(parts, { key, metadata, asking }),
    head: (key) => head(parts, key),
    get: (key, range) => openBlob(parts, key, range),
    list: async () => listBlobs(parts, await parts.container(), before),
    listUploads: async () => [],
    abortUpload: async () => {},
    remove: (key) => remove(parts, key),
    refusesOverwrite: (key, bytes) => refusesOverwrite(parts, key, bytes),
    immutability: () => immutability(parts),
    async close() {
      opened = null;
    },
  };
}

interface Put {
  readonly key: string;
  readonly bytes: Uint8Array;
  readonly metadata: ObjectMetadata;
}

async function put(parts: AzureParts, { key, bytes, metadata }: Put): Promise<void> {
  const blob = (await parts.container()).getBlockBlobClient(parts.nameOf(key));
  const { accessTier } = parts.settings;
  await parts.request(`write "${key}"`, bytes.length, (abortSignal) =>
    blob.upload(Buffer.from(bytes), bytes.length, {
      abortSignal,
      conditions: { ifNoneMatch: "*" },
      transactionalContentMD5: createHash("md5").update(bytes).digest(),
      metadata: { ...metadata },
      ...(accessTier !== null && { tier: accessTier }),
    }),
  );
}

async function head(parts: AzureParts, key: string): Promise<ObjectHead | null> {
  const found = await propertiesOf(parts, key);
  if (found === null) return null;
  const untilMs = found.immutabilityPolicyExpiresOn?.getTime() ?? null;
  return {
    sizeBytes: found.contentLength ?? 0,
    modifiedMs: found.lastModified?.getTime() ?? 0,
    metadata: found.metadata ?? {},
    retainedUntilMs: found.legalHold === true ? Number.MAX_SAFE_INTEGER : untilMs,
  };
}

async function propertiesOf(parts: AzureParts, key: string): Promise<BlobGetPropertiesResponse | null> {
  const blob = (await parts.container()).getBlobClient(parts.nameOf(key));
  return orNull(() =>
    parts.request(`look at "${key}"`, 0, (abortSignal) => blob.getProperties({ abortSignal })),
  );
}

/** Null for a blob that is not there; a container that is not there is a failure. */
async function orNull<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Failure && error.code === "destination.not-found") return null;
    throw error;
  }
}

/** Where the account keeps versions, each of this very name goes too: else its space would be paid for unseen. */
async function remove(parts: AzureParts, key: string): Promise<"removed" | "gone" | "retained"> {
  const found = await propertiesOf(parts, key);
  if (found === null) return "gone";
  const name = parts.nameOf(key);
  const container = await parts.container();
  const current = container.getBlobClient(name);
  const first = await removeOne(parts, key, (abortSignal) =>
    current.delete({ abortSignal, deleteSnapshots: "include" }),
  );
  if (first !== "removed" || found.versionId === undefined) return first;
  const versions = container.listBlobsFlat({ prefix: name, includeVersions: true });
  for await (const item of versions) {
    if (item.name !== name || item.versionId === undefined) continue;
    const version = current.withVersion(item.versionId);
    const removed = await removeOne(parts, key, (abortSignal) => version.delete({ abortSignal }));
    if (removed === "retained") return "retained";
  }
  return "removed";
}

async function removeOne(
  parts: AzureParts,
  key: string,
  work: (signal: AbortSignal) => Promise<unknown>,
): Promise<"removed" | "gone" | "retained"> {
  try {
    await parts.request(`remove "${key}"`, 0, work);
    return "removed";
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (error.code === "destination.not-found") return "gone";
    if (isRetained(wordOf(error.cause))) return "retained";
    throw error;
  }
}

async function refusesOverwrite(parts: AzureParts, key: string, bytes: Uint8Array): Promise<boolean> {
  try {
    const found = await head(parts, key);
    await put(parts, { key, bytes, metadata: found?.metadata ?? {} });
    return false;
  } catch (error) {
    if (error instanceof Failure && error.code === "destination.exists") return true;
    throw error;
  }
}

/** The service tells that the container has a policy, and not of how many days. Null without the right to ask. */
async function immutability(parts: AzureParts): ReturnType<ObjectStore["immutability"]> {
  const container = await parts.container();
  try {
    const found = await parts.request("ask for the container", 0, (abortSignal) =>
      container.getProperties({ abortSignal }),
    );
    return found.hasImmutabilityPolicy || found.hasLegalHold ? { by: "object-lock", days: null } : null;
  } catch (error) {
    const { status } = wordOf(error instanceof Failure ? error.cause : error);
    if (status === 403 || status === 404) return null; // a signature for blobs alone
    throw translateAzure(error, `ask ${parts.deps.location} for its policy`);
  }
}
