import { Readable, Writable } from "node:stream";
import type {
  ByteRange,
  Destination,
  DirectoryChecksums,
  OpenedFile,
  StagedFile,
  StoredFile,
} from "../../src/destinations/destination.ts";
import type { Immutability, StorageTraits } from "../../src/domain/copies/storage-traits.ts";
import { Failure } from "../../src/domain/failure.ts";
import type { FailureCode } from "../../src/domain/failure-table.ts";
import { createMemoryChecksums } from "./memory-checksums.ts";
import { plainTraits } from "./plain-traits.ts";

/** What a memory destination keeps; hand the same store to a new destination to "restart" it. */
export interface MemoryStore {
  id: string | null;
  readonly files: Map<string, MemoryFile>;
  /** By name and run, with a zero byte between. */
  readonly staged: Map<string, MemoryFile>;
  checksums: string;
  /** How to take back each name that was given or taken away since the last sync, in order. */
  readonly unsynced: (() => void)[];
}

/** The power goes: of names that were not synced, the medium has the last change and none of those before it. */
export function losePower({ unsynced }: MemoryStore): void {
  for (const undo of unsynced.slice(0, -1).reverse()) undo();
  unsynced.length = 0;
}

export interface MemoryFile {
  bytes: Buffer;
  modifiedMs: number;
}

export interface MemoryOptions {
  readonly name?: string;
  readonly store?: MemoryStore;
  /** All files together, staged ones included; then "destination.full". */
  readonly capacityBytes?: number;
  readonly now?: () => number;
  /** False: as an object store, without checksums.txt. */
  readonly hasChecksums?: boolean;
  readonly traits?: Partial<StorageTraits>;
  /** Of these names every removal is refused, as an object lock does. */
  readonly retains?: (name: string) => boolean;
  /** What its facts say; asked at each look. Default: nothing is kept. */
  readonly immutability?: () => Immutability | null;
}

export function createMemoryStore(): MemoryStore {
  return { id: null, files: new Map(), staged: new Map(), checksums: "", unsynced: [] };
}

/** A destination that follows the whole contract in memory. */
export function createMemoryDestination(
  options: MemoryOptions = {},
): Destination & { readonly store: MemoryStore } {
  const store = options.store ?? createMemoryStore();
  const now = options.now ?? (() => 0);
  const name = options.name ?? "memory";
  const memory: Memory = { store, now, capacityBytes: options.capacityBytes ?? null };
  const immutability = options.immutability ?? (() => null);
  const facts = () => ({
    id: idOf(store, name),
    warnings: [],
    immutability: immutability(),
    ...spaceOf(memory),
  });
  return {
    store,
    name,
    location: `memory:${name}`,
    traits: { ...plainTraits, ...options.traits },
    ready: async () => facts(),
    look: async () => facts(),
    async initialise() {
      store.id ??= `id-of-${name}`;
      if (!store.files.has("RESTORE-v1.md"))
        store.files.set("RESTORE-v1.md", fileOf(memory, Buffer.from("# page\n")));
      return store.id;
    },
    stage: async (file, runId) => stage(memory, file, runId),
    listStaged: async () =>
      [...store.staged]
        .sort(byName)
        .map(([key, file]) => ({ ...splitKey(key), handle: key, ...factsOf(file) })),
    resume: async (file, runId) =>
      store.staged.has(keyOf(file, runId)) ? stagedFile(memory, { name: file, runId, sink: null }) : null,
    discardStaged: async ({ handle }) => store.staged.delete(handle),
    list: async () => [...store.files].sort(byName).map(([file, kept]) => ({ name: file, ...factsOf(kept) })),
    stat: async (file) => storedFile(memory, file),
    open: async (file, how = {}) => opened(part(bytesOf(memory, file), how.range), how.direct === true),
    localPath: () => null,
    async read(file, limitBytes = 256 * 1024 * 1024) {
      const bytes = bytesOf(memory, file);
      if (bytes.length > limitBytes)
        throw failure("destination.io", `Cannot read "${file}" at once: it is too large`);
      return Buffer.from(bytes);
    },
    async put(file, bytes, runId) {
      refuseBadName(file, runId);
      refuseTaken(memory, file);
      takeSpace(memory, bytes.length);
      store.files.set(file, fileOf(memory, Buffer.from(bytes)));
      store.unsynced.push(() => store.files.delete(file));
    },
    async remove(file) {
      if (store.files.has(file) && options.retains?.(file)) return "retained";
      const was = store.files.get(file);
      if (was !== undefined) store.unsynced.push(() => store.files.set(file, was));
      return store.files.delete(file) ? "removed" : "gone";
    },
    async sync() {
      store.unsynced.length = 0;
    },
    close: async () => {},
    checksums: options.hasChecksums === false ? null : checksumsOf(store),
  };
}

interface Memory {
  readonly store: MemoryStore;
  readonly now: () => number;
  readonly capacityBytes: number | null;
}

function checksumsOf(store: MemoryStore): DirectoryChecksums {
  return createMemoryChecksums({ read: () => store.checksums, write: (text) => (store.checksums = text) });
}

function stage(memory: Memory, name: string, runId: string): StagedFile {
  refuseBadName(name, runId);
  const key = keyOf(name, runId);
  if (memory.store.staged.has(key))
    throw failure("destination.exists", `Cannot stage "${name}": it was started already`);
  const file = fileOf(memory, Buffer.alloc(0));
  memory.store.staged.set(key, file);
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  const keep = () => {
    file.bytes = Buffer.concat(chunks);
  };
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      try {
        takeSpace(memory, sizeBytes + chunk.length);
        sizeBytes += chunk.length;
        chunks.push(chunk);
        done();
      } catch (error) {
        done(error instanceof Error ? error : new Error(String(error)));
      }
    },
    final(done) {
      keep();
      done();
    },
    destroy(error, done) {
      keep(); // what a dead run leaves
      done(error);
    },
  });
  return stagedFile(memory, { name, runId, sink });
}

interface Staging {
  readonly name: string;
  readonly runId: string;
  readonly sink: Writable | null;
}

function stagedFile(memory: Memory, { name, runId, sink }: Staging): StagedFile {
  const key = keyOf(name, runId);
  const { files, staged, unsynced } = memory.store;
  const file = staged.get(key);
  return {
    name,
    localPath: null,
    sink: sink ?? new Writable({ write: (_chunk, _encoding, done) => done(new Error("ended")) }).end(),
    async readBack(range) {
      if (file === undefined) throw failure("destination.not-found", `Cannot open "${name}": it is gone`);
      return opened(part(file.bytes, range), true);
    },
    storedBytes: async () => file?.bytes.length ?? 0,
    async publish() {
      if (sink !== null && !sink.writableFinished)
        throw failure("destination.io", `Cannot publish "${name}": not finished`);
      if (file !== undefined && files.get(name) === file) return void staged.delete(key);
      if (file === undefined || !staged.has(key))
        throw failure("destination.not-found", `Cannot publish "${name}": gone`);
      refuseTaken(memory, name);
      files.set(name, file);
      staged.delete(key);
      unsynced.push(() => {
        files.delete(name);
        staged.set(key, file);
      });
    },
    async discard() {
      sink?.destroy();
      staged.delete(key);
    },
  };
}

function part(bytes: Buffer, range?: ByteRange): Buffer {
  return range === undefined ? bytes : bytes.subarray(range.start, range.start + range.length);
}

function opened(bytes: Buffer, direct: boolean): OpenedFile {
  const chunks = bytes.length === 0 ? [] : [Buffer.from(bytes)];
  return { stream: Readable.from(chunks, { objectMode: false }), source: direct ? "direct" : "cached" };
}

function idOf(store: MemoryStore, name: string): string {
  if (store.id !== null) return store.id;
  throw failure("destination.sentinel-missing", `Cannot use "${name}": it has no sentinel`);
}

function spaceOf(memory: Memory): { readonly freeBytes: number | null; readonly totalBytes: number | null } {
  const { capacityBytes } = memory;
  return {
    freeBytes: capacityBytes === null ? null : capacityBytes - usedBytes(memory),
    totalBytes: capacityBytes,
  };
}

function usedBytes({ store }: Memory): number {
  const all = new Set([...store.files.values(), ...store.staged.values()]);
  return [...all].reduce((sum, file) => sum + file.bytes.length, 0);
}

function takeSpace(memory: Memory, sizeBytes: number): void {
  if (memory.capacityBytes === null || usedBytes(memory) + sizeBytes <= memory.capacityBytes) return;
  throw failure("destination.full", "Cannot write to memory: it is full");
}

function storedFile(memory: Memory, name: string): StoredFile | null {
  const file = memory.store.files.get(name);
  return file === undefined ? null : { name, ...factsOf(file) };
}

function bytesOf(memory: Memory, name: string): Buffer {
  const file = memory.store.files.get(name);
  if (file !== undefined) return file.bytes;
  throw failure("destination.not-found", `Cannot open "${name}": there is no such file`);
}

function refuseTaken(memory: Memory, name: string): void {
  if (memory.store.files.has(name))
    throw failure("destination.exists", `Cannot publish "${name}": that name is taken`);
}

function refuseBadName(name: string, runId: string): void {
  const isGood = /^[^./\0][^/\0]*$/s.test(name) && /^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(runId);
  if (!isGood) throw failure("usage.invalid-value", `Cannot keep a file as "${name}": no name for a file`);
}

function failure(code: FailureCode, message: string): Failure {
  return new Failure(code, message, { hint: "This is a test." });
}

function fileOf(memory: Memory, bytes: Buffer): MemoryFile {
  return { bytes, modifiedMs: memory.now() };
}

function factsOf(file: MemoryFile): { readonly sizeBytes: number; readonly modifiedMs: number } {
  return { sizeBytes: file.bytes.length, modifiedMs: file.modifiedMs };
}

function keyOf(name: string, runId: string): string {
  return `${name}\0${runId}`;
}

function splitKey(key: string): { readonly name: string; readonly runId: string } {
  const [name = "", runId = ""] = key.split("\0");
  return { name, runId };
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
