import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { Writable } from "node:stream";
import { errnoOf, Failure } from "../../domain/failure.ts";
import { createBlockWriter } from "../../platform/block-writer.ts";
import { createExclusively, removeIfThere } from "../../platform/files.ts";
import type { OpenedFile, StagedFile } from "../destination.ts";
import { checkName, partialName } from "../names.ts";
import { openStored, statStored } from "./open-stored.ts";
import { moveIntoPlace } from "./place.ts";
import { giveRights } from "./rights.ts";
import type { LocalParts } from "./settings.ts";
import { translateWriteError, translating } from "./translate.ts";

/** Starts `.NAME.partial-RUN`. Throws "destination.exists" when that very file is there already. */
export async function stageFile(parts: LocalParts, name: string, runId: string): Promise<StagedFile> {
  checkName(name, runId);
  const directory = parts.settings.path;
  const path = join(directory, partialName(name, runId));
  const attempt = { verb: "write", path, directory };
  const file = await translating(attempt, async () => {
    try {
      return await createExclusively(path);
    } catch (error) {
      if (errnoOf(error) === "EEXIST") throw stagedTwice(path);
      throw error;
    }
  });
  const sink = createBlockWriter({ file, translate: (error) => translateWriteError(error, attempt) });
  return stagedFile(parts, { name, runId, sink, identity: await identityOf(path) });
}

function stagedTwice(path: string): Failure {
  return new Failure("destination.exists", `Cannot stage "${path}": this run has already started that file`, {
    hint: "Start a new run.",
  });
}

/** Takes up what an earlier run left; null when it is gone. Its sink has ended: nothing can be added. */
export async function resumeFile(parts: LocalParts, name: string, runId: string): Promise<StagedFile | null> {
  checkName(name, runId);
  const identity = await identityOf(join(parts.settings.path, partialName(name, runId)));
  return identity === null ? null : stagedFile(parts, { name, runId, sink: null, identity });
}

interface Staging {
  readonly name: string;
  readonly runId: string;
  /** Null for a leftover. */
  readonly sink: Writable | null;
  /** Tells this very file from another one that has its name. */
  readonly identity: string | null;
}

function stagedFile(parts: LocalParts, staging: Staging): StagedFile {
  const { name, runId } = staging;
  const directory = parts.settings.path;
  const partial = partialName(name, runId);
  const partialPath = join(directory, partial);

  async function publish(): Promise<void> {
    if (staging.sink !== null && !staging.sink.writableFinished) throw notFinished(partialPath);
    const before = await identityOf(partialPath);
    const taken = await identityOf(join(directory, name));
    if (taken !== null && taken === staging.identity) return removePartial(); // a crash came between link and unlink, or right after
    if (before === null) throw goneFailure(partialPath);
    await giveRights(partialPath, (await parts.rights()).file);
    await moveIntoPlace(directory, partial, name);
  }

  async function removePartial(): Promise<void> {
    await translating({ verb: "remove", path: partialPath, directory }, () => removeIfThere(partialPath));
  }

  return {
    name,
    localPath: partialPath,
    sink: staging.sink ?? endedSink(partialPath),
    readBack: (range): Promise<OpenedFile> =>
      openStored(directory, partial, { direct: true, ...(range && { range }) }),
    storedBytes: async () => (await statStored(directory, partial))?.sizeBytes ?? 0,
    publish,
    async discard() {
      staging.sink?.destroy();
      await removePartial();
    },
  };
}

/** Device and inode; null when there is no such file. */
async function identityOf(path: string): Promise<string | null> {
  try {
    const { dev, ino } = await lstat(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return null;
    throw error;
  }
}

/** What a leftover shows as its sink: one that has ended. Writing to it is an error. */
function endedSink(path: string): Writable {
  const sink = new Writable({
    write: (_chunk, _encoding, done) => done(stagedTwice(path)),
  });
  return sink.end();
}

function notFinished(path: string): Failure {
  return new Failure("destination.io", `Cannot publish "${path}": its bytes are not all synced yet`, {
    hint: "Run the job again.",
  });
}

function goneFailure(path: string): Failure {
  return new Failure("destination.not-found", `Cannot publish "${path}": the staged file is gone`, {
    hint: "Look for a clean-up script that removes hidden files, then run the job again.",
  });
}
