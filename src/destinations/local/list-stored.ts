import { readdir } from "node:fs/promises";
import type { StagedName, StoredFile } from "../destination.ts";
import { isProbeName, parsePartialName } from "../names.ts";
import { statStored } from "./open-stored.ts";
import { translateError } from "./translate.ts";

/** So many stats are under way at once: enough for a disk or a share, and no queue of 10,000 promises. */
const statsAtOnce = 64;

/** Sorted by name (code units). Files that vanish meanwhile are left out. */
export async function listStored(directory: string): Promise<readonly StoredFile[]> {
  const names = (await namesIn(directory)).filter((name) => !name.startsWith("."));
  return statAll(directory, names.sort());
}

/** What runs have staged and neither published nor discarded, whoever they were; sorted by name. */
export async function listStagedFiles(directory: string): Promise<readonly StagedName[]> {
  const partials = new Map((await namesIn(directory)).map((file) => [file, parsePartialName(file)]));
  const files = await statAll(directory, [...partials.keys()].filter((file) => partials.get(file)).sort());
  return files.flatMap((file) => {
    const parsed = partials.get(file.name);
    const { sizeBytes, modifiedMs } = file;
    return parsed ? [{ ...parsed, handle: file.name, sizeBytes, modifiedMs }] : [];
  });
}

/** Probes that a killed `ready` left. */
export async function listProbes(directory: string): Promise<readonly StoredFile[]> {
  return statAll(directory, (await namesIn(directory)).filter(isProbeName));
}

/** Names of what may be a file: kinds that the file system does not tell are kept and looked at. */
async function namesIn(directory: string): Promise<string[]> {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    return entries
      .filter((entry) => !entry.isDirectory() && !entry.isSymbolicLink())
      .map((entry) => entry.name);
  } catch (error) {
    throw translateError(error, { verb: "list", path: directory, directory });
  }
}

async function statAll(directory: string, names: readonly string[]): Promise<readonly StoredFile[]> {
  const found: (StoredFile | null)[] = new Array(names.length).fill(null);
  const queue = names.entries();
  const work = async () => {
    for (const [index, name] of queue) found[index] = await statStored(directory, name);
  };
  await Promise.all(Array.from({ length: Math.min(statsAtOnce, names.length) }, work));
  return found.filter((file) => file !== null);
}
