import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Destination } from "../../destinations/destination.ts";
import type { StorageCheck, StorageCheckName } from "../../domain/copies/storage-test.ts";
import { Failure } from "../../domain/failure.ts";
import type { FailureCode } from "../../domain/failure-table.ts";
import { readToEnd } from "../../platform/read-to-end.ts";

/** What all tries of one test share. */
export interface Trial {
  readonly destination: Destination;
  /** In every name of this test. */
  readonly token: string;
  readonly signal: AbortSignal;
  readonly bytes: Buffer;
  /** Names that may be there now. */
  readonly made: Set<string>;
}

type Answer = Pick<StorageCheck, "outcome" | "message">;

interface Try {
  readonly check: StorageCheckName;
  run(trial: Trial): Promise<Answer>;
}

/** In this order: each finds what the one before has left. */
export const tries: readonly Try[] = [
  { check: "write", run: tryWrite },
  { check: "list", run: tryList },
  { check: "part", run: tryPart },
  { check: "overwrite", run: tryOverwrite },
  { check: "missing", run: tryMissing },
  { check: "give up", run: tryGiveUp },
  { check: "remove", run: tryRemove },
];

/** No backup's file ends so, no retention and no checksums take it for one. */
function nameOf({ token }: Trial, what: string): string {
  return `codex-backup-test-${token}-${what}.probe`;
}

function runOf({ token }: Trial): string {
  return `test-${token}`;
}

const broken = (message: string): Answer => ({ outcome: "broken", message });
const kept = (message: string): Answer => ({ outcome: "kept", message });

async function tryWrite(trial: Trial): Promise<Answer> {
  const { destination, bytes, made, signal } = trial;
  const name = nameOf(trial, "whole");
  const staged = await destination.stage(name, runOf(trial), bytes.length);
  made.add(name);
  try {
    await pipeline(Readable.from(piecesOf(bytes), { objectMode: false }), staged.sink, { signal });
    const { stream } = await staged.readBack();
    const isEqual = (await readToEnd(stream)).equals(bytes);
    if (!isEqual) return broken("what is read back is not what was written");
    await staged.publish();
  } catch (error) {
    await staged.discard().catch(() => undefined); // the first error is the one to tell
    throw error;
  }
  await destination.sync();
  return kept("a file of 6 MiB was written and read back equal");
}

function* piecesOf(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 256 * 1024) yield bytes.subarray(at, at + 256 * 1024);
}

async function tryList(trial: Trial): Promise<Answer> {
  const { destination, made, bytes } = trial;
  const small = nameOf(trial, "ä b");
  made.add(small);
  await destination.put(small, Buffer.from("small"), runOf(trial));
  const found = new Map((await destination.list()).map(({ name, sizeBytes }) => [name, sizeBytes]));
  const stat = await destination.stat(nameOf(trial, "whole"));
  const lacking = [...made].filter((name) => !found.has(name));
  if (lacking.length > 0) return broken(`the list lacks what was just written: ${lacking.join(", ")}`);
  const isRight = found.get(nameOf(trial, "whole")) === bytes.length && found.get(small) === 5;
  if (!isRight || stat?.sizeBytes !== bytes.length) return broken("files are listed with wrong sizes");
  return kept(`files are listed with their sizes, ${found.size} in all`);
}

async function tryPart(trial: Trial): Promise<Answer> {
  const { destination, bytes } = trial;
  const range = { start: 1_000_003, length: 70_001 };
  const { stream } = await destination.open(nameOf(trial, "whole"), { range });
  const isEqual = (await readToEnd(stream)).equals(bytes.subarray(range.start, range.start + range.length));
  return isEqual ? kept("a part of a file is read by itself") : broken("a part of a file is read wrong");
}

async function tryOverwrite(trial: Trial): Promise<Answer> {
  const { destination } = trial;
  const name = nameOf(trial, "ä b");
  const code = await codeOf(destination.put(name, Buffer.from("other"), runOf(trial)));
  const now = (await destination.read(name, 1000)).toString();
  if (now !== "small") return broken("a second file of the same name has replaced the first one");
  if (code !== "destination.exists") return broken("a second file of the same name is taken without a word");
  return kept("a second file of the same name is refused, and the first one stays");
}

async function tryMissing(trial: Trial): Promise<Answer> {
  const { destination } = trial;
  const name = nameOf(trial, "nothing");
  const opened = destination.open(name).then(({ stream }) => void stream.destroy());
  const isNamed = (await codeOf(opened)) === "destination.not-found";
  const isNull = (await destination.stat(name)) === null;
  return isNamed && isNull
    ? kept("what is not there is said not to be there")
    : broken(
        "it does not say of a missing file that it is missing: a damaged copy could be taken for a lost one",
      );
}

async function tryGiveUp(trial: Trial): Promise<Answer> {
  const { destination, bytes, made } = trial;
  const name = nameOf(trial, "half");
  const staged = await destination.stage(name, runOf(trial), bytes.length);
  made.add(name);
  staged.sink.on("error", () => undefined); // it is given up
  await new Promise<void>((resolve) => staged.sink.write(bytes.subarray(0, 1_000_000), () => resolve()));
  await staged.discard();
  const left = (await destination.listStaged()).filter((one) => one.name === name);
  for (const one of left) await destination.discardStaged(one);
  if ((await destination.stat(name)) !== null)
    return broken("a file that was given up half-way stands there");
  made.delete(name);
  return left.length === 0
    ? kept("a file that is given up half-way leaves nothing")
    : {
        outcome: "told",
        message: "a file that is given up half-way left its parts, which had to be removed by themselves",
      };
}

async function tryRemove(trial: Trial): Promise<Answer> {
  const { destination, made } = trial;
  const ends = new Map<string, string>();
  for (const name of [...made]) {
    const end = await destination.remove(name);
    const isThere = (await destination.stat(name)) !== null;
    if (end !== "retained" && isThere) return broken(`"${name}" is said to be removed, and is still there`);
    if (!isThere) made.delete(name);
    ends.set(name, end);
  }
  if (![...ends.values()].includes("retained")) return kept("files can be removed");
  const message =
    "it refuses to remove files: as an append-only storage should. Pruning tries again each time; what the test wrote stays there";
  return { outcome: "retained", message };
}

/** Null when it succeeded. */
async function codeOf(work: Promise<unknown>): Promise<FailureCode | null> {
  try {
    await work;
    return null;
  } catch (error) {
    if (error instanceof Failure && error.code !== "destination.unreachable") return error.code;
    throw error;
  }
}
