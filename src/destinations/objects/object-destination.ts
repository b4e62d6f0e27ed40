import { Failure } from "../../domain/failure.ts";
import type { Destination, Removed, StoredFile } from "../destination.ts";
import { checkName } from "../names.ts";
import type { RemoteDeps } from "../remote-deps.ts";
import { discardLeftover, isPlainName, listLeftovers } from "./leftovers.ts";
import { keyOf, type ObjectParts, type ObjectSettings } from "./object-parts.ts";
import { checkObjects, initialiseObjects, lookAtObjects } from "./object-ready.ts";
import type { ObjectStore } from "./object-store.ts";
import { openObject, resumeObject, stageObject } from "./staged-object.ts";
import { putSmall } from "./take-name.ts";

const readLimitBytes = 256 * 1024 * 1024;

/**
 * Makes a destination of a store whose objects cannot be renamed. A file is uploaded in parts that nobody sees and
 * has its final name from its last byte on; its backup exists when the manifest does. Nothing is asked of the store before the first call.
 */
export function createObjectDestination(
  settings: ObjectSettings,
  store: ObjectStore,
  deps: RemoteDeps,
): Destination {
  const known = { refusesOverwrite: null, published: new Set<string>(), uploading: new Set<string>() };
  const parts: ObjectParts = { settings, store, deps, known };
  return {
    name: settings.name,
    location: settings.location,
    traits: settings.traits,
    ready: () => checkObjects(parts),
    look: () => lookAtObjects(parts),
    initialise: () => initialiseObjects(parts),
    stage: async (name, runId, expectedBytes = null) => stageObject(parts, { name, runId, expectedBytes }),
    listStaged: () => listLeftovers(parts),
    resume: (name, runId) => resumeObject(parts, name, runId),
    discardStaged: (left) => discardLeftover(parts, left),
    list: () => list(parts),
    stat: async (name) => stat(parts, checked(name)),
    open: async (name, options = {}) => openObject(parts, checked(name), options.range ?? null),
    localPath: () => null,
    read: async (name, limitBytes = readLimitBytes) => read(parts, checked(name), limitBytes),
    async put(name, bytes, runId) {
      checkName(name, runId);
      await putSmall(parts, { name, runId, bytes });
      known.published.add(keyOf(name, runId));
    },
    remove: async (name) => remove(parts, checked(name)),
    sync: async () => {},
    close: () => store.close(),
    checksums: null,
  };
}

function checked(name: string): string {
  checkName(name);
  return name;
}

/** Pages may come in any order and overlap: each name is given once. */
async function list({ store }: ObjectParts): Promise<readonly StoredFile[]> {
  const files = new Map<string, StoredFile>();
  for (const { key, sizeBytes, modifiedMs } of await store.list()) {
    if (isPlainName(key)) files.set(key, { name: key, sizeBytes, modifiedMs });
  }
  return [...files.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function stat({ store }: ObjectParts, name: string): Promise<StoredFile | null> {
  const found = await store.head(name);
  return found && { name, sizeBytes: found.sizeBytes, modifiedMs: found.modifiedMs };
}

async function read(parts: ObjectParts, name: string, limitBytes: number): Promise<Buffer> {
  const { stream } = await openObject(parts, name, null);
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of stream) {
    chunks.push(Buffer.from(chunk));
    sizeBytes += chunk.length;
    if (sizeBytes > limitBytes) throw tooLong(parts, name, limitBytes); // leaving the loop ends the stream
  }
  return Buffer.concat(chunks);
}

async function remove({ store, known }: ObjectParts, name: string): Promise<Removed> {
  const removed = await store.remove(name);
  if (removed === "retained") return removed;
  for (const key of known.published) if (key.startsWith(`${name}\0`)) known.published.delete(key);
  return removed;
}

function tooLong({ settings }: ObjectParts, name: string, limitBytes: number): Failure {
  return new Failure(
    "destination.io",
    `Cannot read "${name}" from "${settings.location}" at once: it has more than ${limitBytes} bytes`,
    { hint: "See what wrote that object; it should be small." },
  );
}
