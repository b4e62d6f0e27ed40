import { Readable, Writable } from "node:stream";
import type { FolderEntry, RemoteFolder } from "../../src/destinations/folder/remote-folder.ts";
import { Failure } from "../../src/domain/failure.ts";
import type { FailureCode } from "../../src/domain/failure-table.ts";

export interface MemoryRemoteFile {
  readonly bytes: Buffer;
  readonly modifiedMs: number;
}

/** What lies on the other host. Null: there is no such folder. */
export interface MemoryRemoteStore {
  files: Map<string, MemoryRemoteFile> | null;
}

export interface MemoryFolderOptions {
  readonly store?: MemoryRemoteStore;
  readonly now?: () => number;
  /** Says so of itself; default true. */
  readonly isAtomic?: boolean;
  /** A server that renames onto other files whatever it says of itself. */
  readonly overwrites?: boolean;
  /** Of these names every removal is refused. */
  readonly retains?: (name: string) => boolean;
  /** Called before each step, "rename a b"; may throw, or change what lies there. */
  readonly before?: (step: string) => void;
  /** Called after each step that worked: what it throws is a lost answer. */
  readonly after?: (step: string) => void;
}

export interface MemoryFolder extends RemoteFolder {
  readonly store: MemoryRemoteStore;
  readonly steps: readonly string[];
}

/** A folder on another host that follows the whole inner door in memory, and lists in the order of no disk. */
export function createMemoryFolder(options: MemoryFolderOptions = {}): MemoryFolder {
  const { store = { files: new Map() }, now = () => 0 } = options;
  const steps: string[] = [];
  const files = () => store.files ?? new Map<string, MemoryRemoteFile>();
  const step = async <T>(what: string, work: () => T): Promise<T> => {
    steps.push(what);
    options.before?.(what);
    const result = work();
    options.after?.(what);
    return result;
  };
  const keep = (name: string, bytes: Buffer) => files().set(name, { bytes, modifiedMs: now() });
  return {
    store,
    steps,
    isAtomic: options.isAtomic ?? true,
    makeFolder: () =>
      step("makeFolder", () => {
        store.files ??= new Map();
      }),
    write: (name) =>
      step(`write ${name}`, () => {
        if (store.files === null) throw failure("destination.missing", `Cannot write "${name}": no folder`);
        keep(name, Buffer.alloc(0));
        return memorySink((bytes) => keep(name, bytes));
      }),
    rename: (from, to) =>
      step(`rename ${from} ${to}`, () => {
        const file = found(files(), from);
        if (files().has(to) && !options.overwrites)
          throw failure("destination.exists", `Cannot rename "${from}": "${to}" is taken`);
        files().set(to, file);
        files().delete(from);
      }),
    stat: (name) => step(`stat ${name}`, () => entryOf(name, files().get(name))),
    read: (name, range) =>
      step(`read ${name}`, () => {
        const { bytes } = found(files(), name);
        const part = range === null ? bytes : bytes.subarray(range.start, range.start + range.length);
        return Readable.from(part.length === 0 ? [] : [part], { objectMode: false });
      }),
    list: () =>
      step("list", () => {
        if (store.files === null) throw failure("destination.missing", "Cannot list: no folder");
        return [...store.files]
          .reverse()
          .map(([name, file]) => entryOf(name, file))
          .filter((entry) => entry !== null);
      }),
    remove: (name) =>
      step(`remove ${name}`, () => {
        if (!files().has(name)) return "gone";
        if (options.retains?.(name)) return "retained";
        files().delete(name);
        return "removed";
      }),
    space: async () => null,
    close: async () => {},
  };
}

/** Keeps what it has also when it is destroyed, as a server does. */
function memorySink(keep: (bytes: Buffer) => void): Writable {
  const chunks: Buffer[] = [];
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(Buffer.from(chunk));
      done();
    },
    final(done) {
      keep(Buffer.concat(chunks));
      done();
    },
  });
}

function found(files: ReadonlyMap<string, MemoryRemoteFile>, name: string): MemoryRemoteFile {
  const file = files.get(name);
  if (file !== undefined) return file;
  throw failure("destination.not-found", `Cannot open "${name}": there is no such file`);
}

function entryOf(name: string, file: MemoryRemoteFile | undefined): FolderEntry | null {
  if (file === undefined) return null;
  return { name, sizeBytes: file.bytes.length, modifiedMs: file.modifiedMs, isFile: true };
}

function failure(code: FailureCode, message: string): Failure {
  return new Failure(code, message, { hint: "This is a test." });
}
