import { stat } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { type HashedPath, hashPath } from "./hash-path.ts";
import { startOwnThread } from "./own-files.ts";

export interface HashPathsOptions {
  readonly signal: AbortSignal;
  /** Bytes hashed so far, of all files together. */
  readonly onProgress?: (doneBytes: number) => void;
  /** Threads at most; default the number of processors, but not over 4: a disk gains nothing from more. */
  readonly concurrency?: number;
}

/** What the main thread sends: files to hash, in turn. */
export interface HashOrder {
  readonly paths: readonly string[];
}

/** What a worker sends back: progress now and then, the results of an order at its end. */
export type HashNews =
  | { readonly kind: "progress"; readonly bytes: number }
  | { readonly kind: "done"; readonly results: readonly HashedPath[] };

/** So many files go to a thread at once, so that tiny files do not wait for messages. */
const filesPerOrder = 32;
/** Less than this is hashed right here, in about the time that starting a thread takes. */
const fewFiles = 32;
const fewBytes = 8 * 1024 * 1024;

/**
 * Hashes files by path, several at once on threads of their own; results in the order of `paths`. A file
 * that is gone or cannot be read is a result. Rejects with the signal's reason when it is aborted.
 */
export async function hashPaths(
  paths: readonly string[],
  options: HashPathsOptions,
): Promise<readonly HashedPath[]> {
  options.signal.throwIfAborted();
  let doneBytes = 0;
  const onBytes = (bytes: number) => {
    doneBytes += bytes;
    options.onProgress?.(doneBytes);
  };
  if (await isLittle(paths)) return paths.map((path) => hashPath(path, onBytes));
  const limit = options.concurrency ?? Math.min(4, availableParallelism());
  const orders = ordersOf(paths, limit);
  const results = orders.map((): readonly HashedPath[] => []);
  const queue = orders.entries();
  const takeOrder = () => {
    const next = queue.next();
    if (next.done) return null;
    const [index, order] = next.value;
    const settle = (found: readonly HashedPath[]) => {
      results[index] = found;
    };
    return { order, settle };
  };
  const threads = Array.from({ length: Math.min(limit, orders.length) }, () =>
    runThread({ signal: options.signal, onBytes, takeOrder }),
  );
  await Promise.all(threads);
  return results.flat();
}

async function isLittle(paths: readonly string[]): Promise<boolean> {
  if (paths.length > fewFiles) return false;
  const sizes = await Promise.all(
    paths.map((path) =>
      stat(path).then(
        (found) => found.size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0) <= fewBytes;
}

/** Few files go one by one (they may be large), many in small batches. */
function ordersOf(paths: readonly string[], threads: number): readonly HashOrder[] {
  const size = Math.min(filesPerOrder, Math.max(1, Math.floor(paths.length / (threads * 8))));
  const count = Math.ceil(paths.length / size);
  return Array.from({ length: count }, (_, index) => ({
    paths: paths.slice(index * size, (index + 1) * size),
  }));
}

interface ThreadWork {
  readonly signal: AbortSignal;
  readonly onBytes: (bytes: number) => void;
  takeOrder(): { readonly order: HashOrder; settle(results: readonly HashedPath[]): void } | null;
}

/** Starts one thread, feeds it until no order is left, and ends it whatever happens. */
async function runThread(work: ThreadWork): Promise<void> {
  const worker = startOwnThread("src/platform/hash-thread.ts");
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onAbort = () => reject(work.signal.reason);
  work.signal.addEventListener("abort", onAbort, { once: true });
  let taken = work.takeOrder();
  const send = () => (taken === null ? resolve() : worker.postMessage(taken.order));
  worker.on("message", (news: HashNews) => {
    if (news.kind === "progress") return work.onBytes(news.bytes);
    taken?.settle(news.results);
    taken = work.takeOrder();
    send();
  });
  worker.on("error", reject);
  worker.on("exit", () => reject(new Error("the hashing thread ended by itself")));
  try {
    send();
    await promise;
  } finally {
    work.signal.removeEventListener("abort", onAbort);
    await worker.terminate();
  }
}
