import type {
  Destination,
  DirectoryChecksums,
  OpenedFile,
  StagedFile,
} from "../../destinations/destination.ts";
import { Failure } from "../../domain/failure.ts";
import { type Clock, sleep } from "../../platform/clock.ts";

/**
 * Waits for one answer; `doing` is for the message: "list its files". What is answered after all, when nobody
 * waits any more, goes to `drop`.
 */
type Within = <T>(doing: string, work: () => Promise<T>, drop?: (late: T) => void) => Promise<T>;

/**
 * A destination of which every single answer is waited for so long and no longer (then "destination.io"), so
 * that one that hangs costs its own copy and nothing else. How long bytes may take to move is not judged
 * here: sinks and streams are the run's own watch's.
 */
export function patientDestination(inner: Destination, clock: Clock, limitMs: number): Destination {
  const within = waiter(inner, clock, limitMs);
  const { checksums } = inner;
  return {
    name: inner.name,
    location: inner.location,
    traits: inner.traits,
    localPath: (name) => inner.localPath(name),
    ready: () => within("write a probe", () => inner.ready()),
    look: () => within("look at it", () => inner.look()),
    initialise: () => within("initialise it", () => inner.initialise()),
    stage: async (name, runId, expectedBytes) => {
      const start = () => inner.stage(name, runId, expectedBytes);
      return patientFile(await within(`start "${name}"`, start, discardLate), within);
    },
    listStaged: () => within("list unfinished files", () => inner.listStaged()),
    resume: async (name, runId) => {
      const found = await within(`take up "${name}"`, () => inner.resume(name, runId));
      return found === null ? null : patientFile(found, within);
    },
    discardStaged: (left) => within(`discard "${left.name}"`, () => inner.discardStaged(left)),
    list: () => within("list its files", () => inner.list()),
    stat: (name) => within(`look at "${name}"`, () => inner.stat(name)),
    open: (name, options) => within(`open "${name}"`, () => inner.open(name, options), closeLate),
    read: (name, limitBytes) => within(`read "${name}"`, () => inner.read(name, limitBytes)),
    put: (name, bytes, runId) => within(`write "${name}"`, () => inner.put(name, bytes, runId)),
    remove: (name) => within(`remove "${name}"`, () => inner.remove(name)),
    sync: () => within("sync it", () => inner.sync()),
    close: () => inner.close(),
    checksums: checksums === null ? null : patientChecksums(checksums, within),
  };
}

function discardLate(file: StagedFile): void {
  file.discard().catch(() => undefined); // the next run sweeps it
}

function closeLate(opened: OpenedFile): void {
  opened.stream.destroy();
}

function waiter({ name, location }: Destination, clock: Clock, limitMs: number): Within {
  return async (doing, work, drop) => {
    const answered = new AbortController();
    const answer = work();
    const tooLate = sleep(clock, limitMs, answered.signal).then(() => {
      throw new Failure(
        "destination.io",
        `Cannot ${doing} at "${name}" (${location}): no answer for ${Math.round(limitMs / 1000)} s`,
        { hint: "See whether its disk or its server answers, and mount it again if it does not." },
      );
    });
    try {
      return await Promise.race([answer, tooLate]);
    } catch (error) {
      if (drop) answer.then(drop, () => undefined);
      throw error;
    } finally {
      answered.abort();
      tooLate.catch(() => undefined); // nobody waits for it any more
    }
  };
}

function patientFile(inner: StagedFile, within: Within): StagedFile {
  const { name, localPath, sink } = inner;
  return {
    name,
    localPath,
    sink,
    readBack: (range): Promise<OpenedFile> =>
      within(`read "${name}" back`, () => inner.readBack(range), closeLate),
    storedBytes: () => within(`look at "${name}"`, () => inner.storedBytes()),
    publish: () => within(`publish "${name}"`, () => inner.publish()),
    discard: () => within(`discard "${name}"`, () => inner.discard()),
  };
}

function patientChecksums(inner: DirectoryChecksums, within: Within): DirectoryChecksums {
  return {
    read: () => within("read checksums.txt", () => inner.read()),
    entries: () => within("read checksums.txt", () => inner.entries()),
    add: (lines) => within("add to checksums.txt", () => inner.add(lines)),
    drop: (names) => within("drop from checksums.txt", () => inner.drop(names)),
    replace: (line) => within("replace in checksums.txt", () => inner.replace(line)),
  };
}
