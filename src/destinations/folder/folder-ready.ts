import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Failure } from "../../domain/failure.ts";
import { readToEnd } from "../../platform/read-to-end.ts";
import type { DestinationFacts } from "../destination.ts";
import { isProbeName, partialName, probeName, sentinelName } from "../names.ts";
import { restorePage, restorePageName } from "../restore-page.ts";
import { formatSentinel, parseSentinel } from "../sentinel-text.ts";
import type { FolderParts } from "./folder-settings.ts";
import { placeFile } from "./remote-staged-file.ts";

const probeLifeMs = 60 * 60 * 1000;

/** Destination.ready: looks, then a probe is written, read back, moved onto another one (refused), removed. */
export async function checkReady(parts: FolderParts): Promise<DestinationFacts> {
  const facts = await look(parts);
  await sweepProbes(parts);
  return { ...facts, warnings: [...facts.warnings, ...(await tryProbe(parts))] };
}

/** Destination.look: folder → sentinel → space. */
export async function look({ settings, folder }: FolderParts): Promise<DestinationFacts> {
  const id = await readSentinel({ settings, folder });
  if (id === null) {
    await folder.list(); // throws "destination.missing" where that is the reason
    throw sentinelMissing(settings.name, settings.location);
  }
  const space = await folder.space();
  return {
    id,
    warnings: folder.isAtomic ? [] : [lookedUpWarning(settings.location)],
    freeBytes: space?.freeBytes ?? null,
    totalBytes: space?.totalBytes ?? null,
    immutability: null,
  };
}

/** Destination.initialise. Another process doing the same is fine: the first sentinel stays. */
export async function initialise(parts: FolderParts): Promise<string> {
  await parts.folder.makeFolder();
  await placeUnlessThere(parts, restorePageName, restorePage);
  const known = await readSentinel(parts);
  if (known !== null) return known;
  const { randomToken, clock, tool } = parts.deps;
  const content = { id: randomToken(20), createdAt: clock.now(), tool };
  await placeUnlessThere(parts, sentinelName, formatSentinel(content));
  return (await readSentinel(parts)) ?? content.id;
}

async function placeUnlessThere(parts: FolderParts, name: string, text: string): Promise<void> {
  if ((await parts.folder.stat(name)) !== null) return;
  try {
    const scratch = partialName(name.replace(/^\./, ""), `init-${parts.deps.randomToken(10)}`);
    await placeFile(parts, { name, scratch, bytes: Buffer.from(text) });
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== "destination.exists") throw error;
  }
}

/** Null when there is none. Throws "destination.sentinel-foreign" when it cannot be read as ours. */
async function readSentinel({
  settings,
  folder,
}: Pick<FolderParts, "settings" | "folder">): Promise<string | null> {
  const found = await folder.stat(sentinelName);
  if (found === null) return null;
  const end = { start: 0, length: 4096 };
  const text = found.isFile ? String(await readToEnd(await folder.read(sentinelName, end))) : "";
  const id = parseSentinel(text);
  if (id !== null) return id;
  throw new Failure(
    "destination.sentinel-foreign",
    `Cannot use "${settings.location}": its "${sentinelName}" is not written by codex-backup`,
    {
      hint: `See what it is; if it is a damaged sentinel, move it away and run: codex-backup destination init ${settings.name}.`,
    },
  );
}

function sentinelMissing(name: string, location: string): Failure {
  return new Failure(
    "destination.sentinel-missing",
    `Cannot use "${location}": it has no "${sentinelName}", so it may be another folder than the one that was meant`,
    { hint: `If this is the right folder, run once: codex-backup destination init ${name}.` },
  );
}

/** Those that a killed `ready` left, not those of another run at this very moment. */
async function sweepProbes({ folder, deps }: FolderParts): Promise<void> {
  const before = deps.clock.now() - probeLifeMs;
  for (const { name, isFile, modifiedMs } of await folder.list())
    if (isFile && isProbeName(name) && modifiedMs < before) await folder.remove(name);
}

/** Does once what a run does. Returns warnings. */
async function tryProbe(parts: FolderParts): Promise<readonly string[]> {
  const { folder, deps, settings } = parts;
  const probe = probeName(deps.randomToken(10));
  const bytes = Buffer.from("probe\n");
  const names = folder.isAtomic ? [probe, `${probe}.taken`] : [probe];
  try {
    for (const name of names) await writeProbe(parts, name, bytes);
    if (!(await readToEnd(await folder.read(probe, null))).equals(bytes)) throw notAsWritten(parts);
    const overwrites = folder.isAtomic && !(await refusesTaken(parts, probe));
    const ends = await Promise.all(names.map((name) => folder.remove(name)));
    const warnings = ends.includes("retained") ? [retainedWarning(settings.location)] : [];
    return overwrites ? [...warnings, lookedUpWarning(settings.location)] : warnings;
  } catch (error) {
    await Promise.allSettled(names.map((name) => folder.remove(name))); // the first error is the one to tell
    throw error;
  }
}

async function writeProbe({ folder }: FolderParts, name: string, bytes: Buffer): Promise<void> {
  await pipeline(Readable.from([bytes], { objectMode: false }), await folder.write(name));
}

/** Whether the server keeps its word, tried with two probes. */
async function refusesTaken({ folder }: FolderParts, probe: string): Promise<boolean> {
  try {
    await folder.rename(probe, `${probe}.taken`);
    return false;
  } catch (error) {
    if (error instanceof Failure && error.code === "destination.exists") return true;
    throw error;
  }
}

function notAsWritten({ settings }: FolderParts): Failure {
  return new Failure(
    "destination.read-back",
    `Cannot use "${settings.location}": a probe was read back otherwise than it was written`,
    { hint: "Look for a proxy or a gateway that changes what passes through it." },
  );
}

function lookedUpWarning(location: string): string {
  return `"${location}" does not refuse to rename onto a file: names are looked up before they are taken, so let only one host write there`;
}

function retainedWarning(location: string): string {
  return `"${location}" does not let us remove what we wrote: nothing is pruned there, and a small hidden probe stays with each run`;
}
