import { Failure } from "../../domain/failure.ts";
import { readToEnd } from "../../platform/read-to-end.ts";
import type { Destination, StagedName, StoredFile } from "../destination.ts";
import { checkName, parsePartialName } from "../names.ts";
import type { RemoteDeps } from "../remote-deps.ts";
import { checkReady, initialise, look } from "./folder-ready.ts";
import type { FolderParts, FolderSettings } from "./folder-settings.ts";
import { openRemote } from "./open-remote.ts";
import type { FolderEntry, RemoteFolder } from "./remote-folder.ts";
import { putFile, resumeFile, stageFile } from "./remote-staged-file.ts";

const readLimitBytes = 256 * 1024 * 1024;

/** A destination in a folder on another host. Nothing is connected before the first call. */
export function createFolderDestination(
  settings: FolderSettings,
  folder: RemoteFolder,
  deps: RemoteDeps,
): Destination {
  const parts: FolderParts = { settings, folder, deps };
  const stat = async (name: string) => storedFile(await folder.stat(checked(name)));
  return {
    name: settings.name,
    location: settings.location,
    traits: settings.traits,
    ready: () => checkReady(parts),
    look: () => look(parts),
    initialise: () => initialise(parts),
    stage: (name, runId) => stageFile(parts, name, runId),
    listStaged: async () => (await filesOf(folder)).flatMap(stagedName),
    resume: (name, runId) => resumeFile(parts, name, runId),
    discardStaged: async ({ handle }) => (await folder.remove(handle)) === "removed",
    list: async () => (await filesOf(folder)).filter(({ name }) => !name.startsWith(".")).map(factsOf),
    stat,
    open: async (name, { range } = {}) => openRemote(folder, checked(name), range ?? null),
    localPath: () => null,
    read: (name, limitBytes = readLimitBytes) => readSmall(parts, checked(name), limitBytes),
    put: (name, bytes, runId) => putFile(parts, { name, bytes, runId }),
    remove: async (name) => folder.remove(checked(name)),
    // A server that can sync has done so before the sink finished; none of these protocols syncs a folder's names.
    sync: async () => {},
    close: () => folder.close(),
    checksums: null,
  };
}

async function readSmall(
  { settings, folder }: FolderParts,
  name: string,
  limitBytes: number,
): Promise<Buffer> {
  const found = await folder.stat(name);
  if (found?.isFile && found.sizeBytes > limitBytes) {
    throw new Failure(
      "destination.io",
      `Cannot read "${name}" of ${settings.location} at once: it has ${found.sizeBytes} bytes, the limit is ${limitBytes}`,
      { hint: "See what wrote that file; it should be small." },
    );
  }
  return readToEnd((await openRemote(folder, name, null)).stream);
}

function checked(name: string): string {
  checkName(name);
  return name;
}

/** Sorted by name (code units), because servers list in the order of their disks. */
async function filesOf(folder: RemoteFolder): Promise<readonly FolderEntry[]> {
  const files = (await folder.list()).filter((entry) => entry.isFile);
  return files.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

function stagedName({ name: handle, sizeBytes, modifiedMs }: FolderEntry): readonly StagedName[] {
  const parsed = parsePartialName(handle);
  return parsed === null ? [] : [{ ...parsed, handle, sizeBytes, modifiedMs }];
}

/** A folder or a link under a backup's name is nothing that we stored. */
function storedFile(entry: FolderEntry | null): StoredFile | null {
  return entry?.isFile ? factsOf(entry) : null;
}

function factsOf({ name, sizeBytes, modifiedMs }: FolderEntry): StoredFile {
  return { name, sizeBytes, modifiedMs };
}
