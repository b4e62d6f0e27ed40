import { once } from "node:events";
import { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Failure } from "../../domain/failure.ts";
import type { StagedFile } from "../destination.ts";
import { checkName, partialName } from "../names.ts";
import type { FolderParts } from "./folder-settings.ts";
import { type Move, moveIntoPlace } from "./move-into-place.ts";
import { openRemote } from "./open-remote.ts";

/** Starts `.NAME.partial-RUN`; one that a lost answer left is begun anew. */
export async function stageFile(parts: FolderParts, name: string, runId: string): Promise<StagedFile> {
  checkName(name, runId);
  const sink = await parts.folder.write(partialName(name, runId));
  return stagedFile(parts, { name, runId, sink });
}

/** Takes up what an earlier run left; null when it is gone. Its sink has ended: nothing can be added. */
export async function resumeFile(
  parts: FolderParts,
  name: string,
  runId: string,
): Promise<StagedFile | null> {
  checkName(name, runId);
  const found = await parts.folder.stat(partialName(name, runId));
  return found?.isFile ? stagedFile(parts, { name, runId, sink: null }) : null;
}

export interface SmallFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly runId: string;
}

/** Writes and publishes a small file in one go. On any failure nothing of it is left, unless the server is away too. */
export async function putFile(parts: FolderParts, { name, bytes, runId }: SmallFile): Promise<void> {
  checkName(name, runId);
  await placeFile(parts, { name, scratch: partialName(name, runId), bytes });
}

export interface Placing {
  readonly name: string;
  /** The hidden name it has until it is whole; a leftover of it is replaced. */
  readonly scratch: string;
  readonly bytes: Uint8Array;
}

/** As putFile, also for names that begin with a dot. */
export async function placeFile({ folder }: FolderParts, { name, scratch, bytes }: Placing): Promise<void> {
  try {
    const sink = await folder.write(scratch);
    await pipeline(Readable.from(bytes.length === 0 ? [] : [bytes], { objectMode: false }), sink);
    await moveIntoPlace(folder, { from: scratch, to: name, asked: null });
  } catch (error) {
    await folder.remove(scratch).catch(() => "gone"); // the first error is the one to tell
    throw error;
  }
}

interface Staging {
  readonly name: string;
  readonly runId: string;
  /** Null for a leftover. */
  readonly sink: Writable | null;
}

function stagedFile({ folder }: FolderParts, { name, runId, sink }: Staging): StagedFile {
  const partial = partialName(name, runId);
  let move: Move = { from: partial, to: name, asked: null };
  let isPublished = false;
  return {
    name,
    localPath: null,
    sink: sink ?? endedSink(partial),
    readBack: (range) => openRemote(folder, isPublished ? name : partial, range ?? null),
    storedBytes: async () => (await folder.stat(isPublished ? name : partial))?.sizeBytes ?? 0,
    async publish() {
      if (sink !== null && !sink.writableFinished) throw notFinished(partial);
      if (isPublished) return;
      await moveIntoPlace(folder, move, (asked) => {
        move = { ...move, asked };
      });
      isPublished = true;
    },
    async discard() {
      if (sink !== null) await ended(sink);
      if (!isPublished) await folder.remove(partial);
    },
  };
}

/** Gives up what is under way, so that no late write brings the file back after its removal. */
async function ended(sink: Writable): Promise<void> {
  sink.destroy();
  if (!sink.closed) await once(sink, "close").catch(() => undefined); // its error was its writer's to hear
}

/** What a leftover shows as its sink: one that has ended. Writing to it is an error. */
function endedSink(partial: string): Writable {
  return new Writable({ write: (_chunk, _encoding, done) => done(notFinished(partial)) }).end();
}

function notFinished(partial: string): Failure {
  return new Failure("destination.io", `Cannot publish "${partial}": its bytes are not all stored yet`, {
    hint: "Run the job again.",
  });
}
