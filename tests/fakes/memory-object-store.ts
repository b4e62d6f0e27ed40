import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type {
  ObjectMetadata,
  ObjectStore,
  ObjectUpload,
  PartLimits,
} from "../../src/destinations/objects/object-store.ts";
import { Failure } from "../../src/domain/failure.ts";
import type { FailureCode } from "../../src/domain/failure-table.ts";

/** What a memory store keeps; give it to a second store to see it as another process would. */
export interface MemoryObjects {
  readonly objects: Map<string, MemoryObject>;
  readonly uploads: Map<string, MemoryUpload>;
}

export interface MemoryObject {
  readonly bytes: Buffer;
  readonly metadata: ObjectMetadata;
  readonly modifiedMs: number;
}

export interface MemoryUpload {
  readonly key: string;
  readonly metadata: ObjectMetadata;
  readonly startedMs: number;
  readonly parts: Map<number, Buffer>;
}

export type StoreStep = Exclude<keyof ObjectStore, "limits"> | "part" | "complete" | "abort";

export interface MemoryObjectOptions {
  readonly kept?: MemoryObjects;
  readonly limits?: Partial<PartLimits>;
  /** False: put and complete overwrite. */
  readonly honoursConditions?: boolean;
  /** Called before a step is done; what it throws or waits for comes instead. */
  readonly before?: (step: StoreStep, key: string) => void | Promise<void>;
  /** Called when a step is done; what it throws is an answer that was lost. */
  readonly after?: (step: StoreStep, key: string) => void;
  /** Objects that these steps do not see yet. */
  readonly hides?: (step: "head" | "get" | "list", key: string) => boolean;
  readonly retains?: (key: string) => boolean;
  readonly now?: () => number;
}

export function createMemoryObjects(): MemoryObjects {
  return { objects: new Map(), uploads: new Map() };
}

/** A store of objects that follows the whole promise of object-store.ts in memory. */
export function createMemoryObjectStore(options: MemoryObjectOptions = {}): ObjectStore {
  const kept = options.kept ?? createMemoryObjects();
  const memory: Memory = { options, kept, now: options.now ?? (() => 0) };
  const { objects, uploads } = kept;
  const find = (step: "head" | "get", key: string) =>
    options.hides?.(step, key) ? undefined : objects.get(key);
  return {
    limits: { minBytes: 1024, maxBytes: 1024 ** 3, maxParts: 10_000, ...options.limits },
    put: (key, bytes, metadata) =>
      stepped(memory, ["put", key], () => take(memory, key, { bytes: Buffer.from(bytes), metadata })),
    begin: (key, metadata) => stepped(memory, ["begin", key], () => begin(memory, key, metadata)),
    head: (key) =>
      stepped(memory, ["head", key], () => {
        const found = find("head", key);
        if (found === undefined) return null;
        const { metadata, modifiedMs, bytes } = found;
        return { sizeBytes: bytes.length, modifiedMs, metadata, retainedUntilMs: null };
      }),
    get: (key, range) =>
      stepped(memory, ["get", key], () => {
        const found = find("get", key);
        if (found === undefined) throw failure("destination.not-found", `Cannot open "${key}": NoSuchKey`);
        const { start, length } = range ?? { start: 0, length: found.bytes.length };
        const bytes = Buffer.from(found.bytes.subarray(start, start + length));
        return Readable.from(bytes.length === 0 ? [] : [bytes], { objectMode: false });
      }),
    list: () =>
      stepped(memory, ["list", ""], () =>
        [...objects]
          .filter(([key]) => !options.hides?.("list", key))
          .map(([key, { bytes, modifiedMs }]) => ({ key, sizeBytes: bytes.length, modifiedMs }))
          .sort((a, b) => (scattered(a.key) < scattered(b.key) ? -1 : 1)),
      ),
    listUploads: () =>
      stepped(memory, ["listUploads", ""], () =>
        [...uploads].map(([handle, { key, startedMs }]) => ({ key, handle, startedMs })),
      ),
    abortUpload: ({ key, handle }) =>
      stepped(memory, ["abortUpload", key], () => void uploads.delete(handle)),
    remove: (key) =>
      stepped(memory, ["remove", key], () => {
        if (objects.has(key) && options.retains?.(key)) return "retained";
        return objects.delete(key) ? "removed" : "gone";
      }),
    refusesOverwrite: (key, bytes) =>
      stepped(memory, ["refusesOverwrite", key], () => {
        if (options.honoursConditions !== false) return true;
        objects.set(key, { bytes: Buffer.from(bytes), metadata: {}, modifiedMs: memory.now() });
        return false;
      }),
    immutability: async () => null,
    close: async () => {},
  };
}

interface Memory {
  readonly options: MemoryObjectOptions;
  readonly kept: MemoryObjects;
  readonly now: () => number;
}

async function stepped<T>(
  { options }: Memory,
  [step, key]: readonly [StoreStep, string],
  work: () => T,
): Promise<T> {
  await options.before?.(step, key);
  const done = work();
  options.after?.(step, key);
  return done;
}

function take(memory: Memory, key: string, object: Pick<MemoryObject, "bytes" | "metadata">): void {
  const { objects } = memory.kept;
  if (objects.has(key) && memory.options.honoursConditions !== false)
    throw failure("destination.exists", `Cannot store "${key}": PreconditionFailed`);
  objects.set(key, { ...object, modifiedMs: memory.now() });
}

function begin(memory: Memory, key: string, metadata: ObjectMetadata): ObjectUpload {
  const { uploads } = memory.kept;
  const handle = `upload-${uploads.size}-${key}`;
  uploads.set(handle, { key, metadata, startedMs: memory.now(), parts: new Map() });
  return {
    handle,
    part: (number, bytes, signal) =>
      stepped(memory, ["part", key], () => {
        signal.throwIfAborted();
        const upload = openUpload(memory, handle);
        upload.parts.set(number, Buffer.from(bytes));
      }),
    complete: () =>
      stepped(memory, ["complete", key], () => {
        const { parts } = openUpload(memory, handle);
        const ordered = [...parts].sort(([a], [b]) => a - b).map(([, bytes]) => bytes);
        checkLengths(memory, ordered);
        take(memory, key, { bytes: Buffer.concat(ordered), metadata });
        uploads.delete(handle);
      }),
    abort: () => stepped(memory, ["abort", key], () => void uploads.delete(handle)),
  };
}

function openUpload({ kept }: Memory, handle: string): MemoryUpload {
  const upload = kept.uploads.get(handle);
  if (upload !== undefined) return upload;
  throw failure("destination.not-found", `Cannot add to "${handle}": NoSuchUpload`);
}

/** As the strictest of the real ones: equal parts, none too small but the last. */
function checkLengths({ options }: Memory, parts: readonly Buffer[]): void {
  const [first] = parts;
  const full = parts.slice(0, -1).every(({ length }) => length === first?.length);
  const isLarge = parts.length < 2 || (first?.length ?? 0) >= (options.limits?.minBytes ?? 1024);
  if (!full || !isLarge) throw failure("destination.io", "Cannot complete: EntityTooSmall");
}

function scattered(key: string): string {
  return createHash("md5").update(key).digest("hex");
}

function failure(code: FailureCode, message: string): Failure {
  return new Failure(code, message, { hint: "This is a test." });
}
