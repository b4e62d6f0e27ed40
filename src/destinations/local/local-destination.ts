import { join, normalize, resolve } from "node:path";
import { makeDirectories, removeIfThere, syncDirectory } from "../../platform/files.ts";
import type { Destination, Removed } from "../destination.ts";
import { checkName, partialName } from "../names.ts";
import { createDirectoryChecksums } from "./checksums.ts";
import { listStagedFiles, listStored } from "./list-stored.ts";
import { openStored, readStored, statStored } from "./open-stored.ts";
import { placeFile } from "./place.ts";
import { checkReady, look } from "./ready.ts";
import { rightsOf } from "./rights.ts";
import { writeSentinel } from "./sentinel.ts";
import type { LocalDeps, LocalParts, LocalSettings } from "./settings.ts";
import { resumeFile, stageFile } from "./staged-file.ts";
import { translating } from "./translate.ts";

const readLimitBytes = 256 * 1024 * 1024;

/** A directory of this machine, or a share mounted into it. Nothing is touched before the first call. */
export function createLocalDestination(given: LocalSettings, deps: LocalDeps): Destination {
  const directory = normalize(given.path).replace(/(?<=.)\/+$/, "");
  const settings = { ...given, path: directory };
  const parts: LocalParts = { settings, deps, rights: () => rightsOf(settings) };
  return {
    name: settings.name,
    location: directory,
    traits: settings.traits,
    ready: () => checkReady(parts),
    look: () => look(parts),
    initialise: () => initialise(parts),
    stage: (name, runId) => stageFile(parts, name, runId),
    listStaged: () => listStagedFiles(directory),
    resume: (name, runId) => resumeFile(parts, name, runId),
    discardStaged: async ({ handle }) => (await remove(directory, handle)) === "removed",
    list: () => listStored(directory),
    localPath: (name) => resolve(directory, name),
    stat: async (name) => statStored(directory, checked(name)),
    open: async (name, options = {}) => openStored(directory, checked(name), options),
    read: async (name, limitBytes = readLimitBytes) => readStored(directory, checked(name), limitBytes),
    put: (name, bytes, runId) => put(parts, { name, bytes, runId }),
    remove: async (name) => remove(directory, checked(name)),
    sync: () => translating({ verb: "sync", path: directory, directory }, () => syncDirectory(directory)),
    close: async () => {},
    checksums: createDirectoryChecksums(parts),
  };
}

function checked(name: string): string {
  checkName(name);
  return name;
}

async function initialise(parts: LocalParts): Promise<string> {
  const { path } = parts.settings;
  const rights = await parts.rights();
  const attempt = { verb: "create", path, directory: path };
  await translating(attempt, () => makeDirectories(path, rights.directory));
  const id = await writeSentinel(parts);
  await translating(attempt, () => syncDirectory(path));
  return id;
}

interface SmallObject {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly runId: string;
}

async function put(parts: LocalParts, { name, bytes, runId }: SmallObject): Promise<void> {
  checkName(name, runId);
  await placeFile(parts, { name, scratch: partialName(name, runId), bytes });
}

async function remove(directory: string, name: string): Promise<Removed> {
  const path = join(directory, name);
  const wasThere = await translating({ verb: "remove", path, directory }, () => removeIfThere(path));
  return wasThere ? "removed" : "gone";
}
