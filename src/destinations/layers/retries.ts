import { Readable } from "node:stream";
import { Failure } from "../../domain/failure.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Log } from "../../platform/log.ts";
import type { Destination, OpenedFile, OpenOptions, StagedFile } from "../destination.ts";
import { type Asking, createAsking, type RetryLimits } from "./ask-again.ts";
import { resumableStream } from "./resumable-stream.ts";

export interface RetryDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** For the jitter of the waits. */
  readonly randomToken: (length: number) => string;
  readonly limits?: RetryLimits;
}

/**
 * The same destination, asked again after "destination.unreachable" wherever a second time does no harm. A stream that
 * breaks is opened again where it broke. What a sink has taken is not sent again here: only a driver still has it.
 */
export function withRetries(inner: Destination, deps: RetryDeps): Destination {
  const asking = createAsking(inner.name, deps);
  const { ask } = asking;
  const wrap = (file: StagedFile) => retriedStaged(file, asking);
  return {
    name: inner.name,
    location: inner.location,
    traits: inner.traits,
    ready: () => ask("get ready", () => inner.ready()),
    look: () => ask("look", () => inner.look()),
    initialise: () => ask("initialise", () => inner.initialise()),
    // Nothing of it is sent yet. A server may be left with an empty one of a lost answer: a leftover, swept as such.
    stage: async (name, runId, expectedBytes) =>
      wrap(await ask(`start "${name}"`, () => inner.stage(name, runId, expectedBytes))),
    listStaged: () => ask("list leftovers", () => inner.listStaged()),
    async resume(name, runId) {
      const left = await ask(`take up "${name}"`, () => inner.resume(name, runId));
      return left === null ? null : wrap(left);
    },
    discardStaged: (left) => ask(`discard "${left.name}"`, () => inner.discardStaged(left)),
    list: () => ask("list", () => inner.list()),
    stat: (name) => ask(`look at "${name}"`, () => inner.stat(name)),
    open: (name, options = {}) => openResumable(inner, { name, options, asking }),
    localPath: (name) => inner.localPath(name),
    read: (name, limitBytes) => ask(`read "${name}"`, () => inner.read(name, limitBytes)),
    put: (name, bytes, runId) => putOnce(inner, { name, bytes, runId, asking }),
    remove: (name) => ask(`remove "${name}"`, () => inner.remove(name)),
    sync: () => ask("sync", () => inner.sync()),
    close: () => inner.close(),
    checksums: inner.checksums,
  };
}

interface Put {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly runId: string;
  readonly asking: Asking;
}

/** A try whose answer was lost may have stored the file: then the next one finds the name taken, by ourselves. */
async function putOnce(inner: Destination, { name, bytes, runId, asking }: Put): Promise<void> {
  let tries = 0;
  await asking.ask(`write "${name}"`, async () => {
    tries += 1;
    try {
      await inner.put(name, bytes, runId);
    } catch (error) {
      const isTaken = error instanceof Failure && error.code === "destination.exists";
      if (!isTaken || tries === 1 || !(await holds(inner, name, bytes))) throw error;
    }
  });
}

async function holds(inner: Destination, name: string, bytes: Uint8Array): Promise<boolean> {
  const found = await inner.stat(name);
  if (found?.sizeBytes !== bytes.length) return false;
  return (await inner.read(name, bytes.length)).equals(bytes);
}

interface Open {
  readonly name: string;
  readonly options: OpenOptions;
  readonly asking: Asking;
}

async function openResumable(inner: Destination, { name, options, asking }: Open): Promise<OpenedFile> {
  const look = () => asking.ask(`look at "${name}"`, () => inner.stat(name));
  // Before it is opened: a file that is replaced between the two is then taken for another, never mixed with this one.
  const before = await look();
  const start = options.range?.start ?? 0;
  const lengthBytes =
    before === null
      ? null
      : Math.max(0, Math.min(options.range?.length ?? Infinity, before.sizeBytes - start));
  const opened = await asking.ask(`open "${name}"`, () => inner.open(name, options));
  const stream = resumableStream(opened.stream, {
    name,
    lengthBytes,
    asking,
    async openAt(offset) {
      const now = await look();
      if (now?.sizeBytes !== before?.sizeBytes || now?.modifiedMs !== before?.modifiedMs)
        throw changed(inner, name);
      const range = {
        start: start + offset,
        length: (lengthBytes ?? Number.MAX_SAFE_INTEGER - start) - offset,
      };
      return (await inner.open(name, { ...options, range })).stream;
    },
  });
  return { ...opened, stream };
}

function changed(inner: Destination, name: string): Failure {
  return new Failure(
    "destination.io",
    `Cannot go on reading "${name}" at "${inner.name}": it was changed or removed since the connection broke`,
    { hint: "Find out who writes there, then run it again." },
  );
}

function retriedStaged(inner: StagedFile, asking: Asking): StagedFile {
  const { name, localPath, sink } = inner;
  const { ask } = asking;
  return {
    name,
    localPath,
    sink,
    async readBack(range) {
      const opened = await ask(`read back "${name}"`, () => inner.readBack(range));
      const start = range?.start ?? 0;
      const length = range?.length ?? Number.MAX_SAFE_INTEGER - start;
      const openAt = async (offset: number) => {
        if (start + offset >= (await inner.storedBytes())) return Readable.from([]);
        return (await inner.readBack({ start: start + offset, length: length - offset })).stream;
      };
      // Staged bytes are ours alone, and what is read back is compared with what was written: no look for changes.
      return {
        ...opened,
        stream: resumableStream(opened.stream, { name, lengthBytes: null, asking, openAt }),
      };
    },
    storedBytes: () => ask(`measure "${name}"`, () => inner.storedBytes()),
    publish: () => ask(`publish "${name}"`, () => inner.publish()),
    discard: () => ask(`discard "${name}"`, () => inner.discard()),
  };
}
