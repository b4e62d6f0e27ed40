import { Failure } from "../../domain/failure.ts";
import { readToEnd } from "../../platform/read-to-end.ts";
import type { DestinationFacts } from "../destination.ts";
import { sentinelName } from "../names.ts";
import { restorePage, restorePageName } from "../restore-page.ts";
import { formatSentinel, parseSentinel } from "../sentinel-text.ts";
import type { ObjectParts } from "./object-parts.ts";
import { putSmall } from "./take-name.ts";

/** Destination.look: the sentinel, and what the store says of itself. */
export async function lookAtObjects(parts: ObjectParts): Promise<DestinationFacts> {
  const { id } = await knownSentinel(parts);
  return facts(parts, id);
}

/**
 * Destination.ready: puts the sentinel again, with its own bytes and on the condition that there is none. A store
 * that refuses has shown that it can be written to and that it never overwrites; one that takes it has lost nothing.
 */
export async function checkObjects(parts: ObjectParts): Promise<DestinationFacts> {
  const { id, bytes } = await knownSentinel(parts);
  parts.known.refusesOverwrite = await parts.store.refusesOverwrite(sentinelName, bytes);
  return facts(parts, id);
}

async function facts({ store, settings, known }: ObjectParts, id: string): Promise<DestinationFacts> {
  const warning = `"${settings.location}" takes an object under a name that is taken (it ignores If-None-Match): names are looked up first, and two hosts that write the same name at the same moment could overwrite each other`;
  return {
    id,
    warnings: known.refusesOverwrite === false ? [warning] : [],
    freeBytes: null,
    totalBytes: null,
    immutability: await store.immutability(),
  };
}

/** Destination.initialise: the page and the sentinel, unless they are there. Another process doing the same is fine. */
export async function initialiseObjects(parts: ObjectParts): Promise<string> {
  const { randomToken, clock, tool } = parts.deps;
  const known = await readSentinel(parts);
  await putUnlessThere(parts, restorePageName, Buffer.from(restorePage));
  if (known !== null) return known.id;
  const content = { id: randomToken(20), createdAt: clock.now(), tool };
  await putUnlessThere(parts, sentinelName, Buffer.from(formatSentinel(content)));
  return (await readSentinel(parts))?.id ?? content.id;
}

async function putUnlessThere(parts: ObjectParts, name: string, bytes: Buffer): Promise<void> {
  try {
    await putSmall(parts, { name, runId: `init-${parts.deps.randomToken(10)}`, bytes });
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== "destination.exists") throw error;
  }
}

interface Sentinel {
  readonly id: string;
  readonly bytes: Buffer;
}

async function knownSentinel(parts: ObjectParts): Promise<Sentinel> {
  const found = await readSentinel(parts);
  if (found !== null) return found;
  const { name, location } = parts.settings;
  throw new Failure(
    "destination.sentinel-missing",
    `Cannot use "${location}": it has no "${sentinelName}", so it may be another place than was meant`,
    { hint: `If this is the right one, run once: codex-backup destination init ${name}.` },
  );
}

async function readSentinel({ store, settings }: ObjectParts): Promise<Sentinel | null> {
  let bytes: Buffer;
  try {
    bytes = await readToEnd(await store.get(sentinelName, null));
  } catch (error) {
    if (error instanceof Failure && error.code === "destination.not-found") return null;
    throw error;
  }
  const id = parseSentinel(bytes.toString("utf8"));
  if (id !== null) return { id, bytes };
  throw new Failure(
    "destination.sentinel-foreign",
    `Cannot use "${settings.location}": its "${sentinelName}" is not written by codex-backup`,
    {
      hint: "See what it is; if it is a damaged sentinel, remove it and run: codex-backup destination init.",
    },
  );
}
