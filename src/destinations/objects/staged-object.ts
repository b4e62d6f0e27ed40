import { Writable } from "node:stream";
import { Failure } from "../../domain/failure.ts";
import type { ByteRange, OpenedFile, StagedFile } from "../destination.ts";
import { checkName } from "../names.ts";
import { belongsToBackup, isManifestThere } from "./leftovers.ts";
import { parseMark } from "./mark.ts";
import { keyOf, type ObjectParts } from "./object-parts.ts";
import type { ObjectHead } from "./object-store.ts";
import { createPartSink } from "./part-sink.ts";
import { choosePartBytes } from "./part-size.ts";
import { headStored } from "./take-name.ts";

export interface Staging {
  readonly name: string;
  readonly runId: string;
  /** Null: nobody knows. */
  readonly expectedBytes: number | null;
}

/** Nothing is asked of the store before there are bytes for it. */
export function stageObject(parts: ObjectParts, { name, runId, expectedBytes }: Staging): StagedFile {
  checkName(name, runId);
  const { store, settings, deps } = parts;
  const partBytes = choosePartBytes({ expectedBytes, partBytes: settings.partBytes }, store.limits);
  const upload = deps.randomToken(16);
  const sink = createPartSink(parts, { name, mark: { runId, upload }, partBytes });
  return stagedObject(parts, { name, runId, sink, upload });
}

/** Null when there is no such object of that run, or when it is published. Its sink has ended. */
export async function resumeObject(
  parts: ObjectParts,
  name: string,
  runId: string,
): Promise<StagedFile | null> {
  checkName(name, runId);
  if (parts.known.published.has(keyOf(name, runId))) return null;
  const found = await parts.store.head(name);
  const mark = found && parseMark(found);
  if (mark?.runId !== runId) return null;
  if (belongsToBackup(name) && (await isManifestThere(parts, name))) return null;
  return stagedObject(parts, { name, runId, sink: null, upload: mark.upload });
}

interface Upload {
  readonly name: string;
  readonly runId: string;
  /** Null for a leftover. */
  readonly sink: Writable | null;
  readonly upload: string;
}

function stagedObject(parts: ObjectParts, one: Upload): StagedFile {
  const { name, runId } = one;
  const { store, settings, known } = parts;
  const shown = `"${name}" at "${settings.location}"`;
  const isWhole = () => one.sink === null || one.sink.writableFinished;
  const isOurs = (found: ObjectHead | null) => found !== null && parseMark(found)?.upload === one.upload;
  let isDiscarded = false;

  async function publish(): Promise<void> {
    if (isDiscarded) throw gone(shown);
    if (!isWhole()) throw notFinished(shown);
    if (known.published.has(keyOf(name, runId))) return;
    const found = await headStored(parts, name);
    if (found === null) throw gone(shown);
    if (!isOurs(found)) throw overwritten(shown);
    known.published.add(keyOf(name, runId));
  }

  async function discard(): Promise<void> {
    if (isDiscarded || known.published.has(keyOf(name, runId))) return;
    const hadEnded = isWhole();
    isDiscarded = true;
    if (one.sink !== null) await destroyed(one.sink);
    // A sink that was ended in the middle of its last request may have its name all the same.
    if (!isOurs(await (hadEnded ? headStored(parts, name) : store.head(name)))) return;
    if (belongsToBackup(name) && (await isManifestThere(parts, name))) return;
    await store.remove(name); // retained: it is listed as left over until the storage lets it go
  }

  return {
    name,
    localPath: null,
    sink: one.sink ?? endedSink(shown),
    async readBack(range): Promise<OpenedFile> {
      if (!isWhole()) throw notFinished(shown);
      if ((await headStored(parts, name)) === null) throw gone(shown);
      return openObject(parts, name, range ?? null);
    },
    storedBytes: async () => (await (isWhole() ? headStored(parts, name) : store.head(name)))?.sizeBytes ?? 0,
    publish,
    discard,
  };
}

/** Throws "destination.not-found". What comes over the network is from the medium, as far as anybody here can tell. */
export async function openObject(
  parts: ObjectParts,
  name: string,
  range: ByteRange | null,
): Promise<OpenedFile> {
  return { stream: await parts.store.get(name, range), source: "direct" };
}

/** Settles when the sink has ended what it had under way. */
function destroyed(sink: Writable): Promise<void> {
  return new Promise((resolve) => {
    if (sink.closed) return resolve();
    sink.once("error", () => undefined).once("close", resolve);
    sink.destroy();
  });
}

/** What a leftover shows as its sink: one that has ended. Writing to it is an error. */
function endedSink(shown: string): Writable {
  const refused = new Failure("destination.exists", `Cannot add to ${shown}: it is whole`, {
    hint: "Start a new run.",
  });
  return new Writable({ write: (_chunk, _encoding, done) => done(refused) }).end();
}

function notFinished(shown: string): Failure {
  return new Failure("destination.io", `Cannot publish ${shown}: its bytes are not all stored yet`, {
    hint: "Run the job again.",
  });
}

function gone(shown: string): Failure {
  return new Failure("destination.not-found", `Cannot publish ${shown}: the staged object is gone`, {
    hint: "Look for a lifecycle rule of the bucket that removes new objects, then run the job again.",
  });
}

function overwritten(shown: string): Failure {
  return new Failure("destination.exists", `Cannot publish ${shown}: another object has taken its name`, {
    hint: "Look for another host that writes to this place under the same names, then run the job again.",
  });
}
