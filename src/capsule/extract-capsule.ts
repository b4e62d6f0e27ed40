import { mkdir, readdir, realpath } from "node:fs/promises";
import { asFailure, errnoOf, Failure } from "../domain/failure.ts";
import { parseInstant } from "../domain/instant.ts";
import { ahead } from "./ahead.ts";
import type { ExtractOptions } from "./capsule.ts";
import type { Crew } from "./crew.ts";
import { wholeFileBytes } from "./crew-work.ts";
import { extractLarge } from "./extract-large.ts";
import type { ExtractedBatch, ExtractItem, ExtractionPlace } from "./extract-tree.ts";
import { decodeBytes } from "./hash-entries.ts";
import { type CapsuleItem, type OpenCapsule, openCapsule } from "./open-capsule.ts";
import { inTheWay } from "./place-file.ts";
import { planSegments, type Segment } from "./plan-segments.ts";
import { compareRaw, type RawName, rawOf, rawOfText, textOf } from "./raw-name.ts";
import { createTally, type Tally } from "./tally.ts";

export interface ExtractingOptions extends ExtractOptions {
  readonly crew: Crew;
}

interface Extraction {
  readonly capsule: OpenCapsule;
  readonly place: ExtractionPlace;
  readonly options: ExtractingOptions;
  readonly tally: Tally;
  /** Entries in place so far. */
  written: number;
}

/**
 * Names and headers are judged first, so that a hostile capsule writes nothing. Then folders, files, links, and at last
 * the folders' modes and times. After a failure part-way, the message says how much is in the target.
 */
export async function extractCapsule(path: string, options: ExtractingOptions): Promise<number> {
  const capsule = await openCapsule(path);
  try {
    return await extractItems(capsule, options);
  } finally {
    await capsule.handle.close();
  }
}

/** Returns how many entries it wrote. The items are in order of their names, which were judged before. */
export async function extractItems(capsule: OpenCapsule, options: ExtractingOptions): Promise<number> {
  const items = choose(capsule, options.only);
  const target = await prepareTarget(options);
  const place = { target, overwrite: options.overwrite };
  const tally = createTally(
    items.map(({ entry }) => entry),
    options.onProgress,
  );
  const extraction: Extraction = { capsule, place, options, tally, written: 0 };
  await extractAll(extraction, items).catch((error: unknown) => {
    const failure = asFailure(error, "platform.file", `Cannot extract "${capsule.path}"`);
    throw saying(failure, extraction, items.length);
  });
  return extraction.written;
}

/** The entries named by `only`, what is under them, and the folders that lead there. */
function choose(capsule: OpenCapsule, only: readonly string[]): readonly CapsuleItem[] {
  if (only.length === 0) return capsule.items;
  const wanted = only.map((path) => rawOfText(path.replace(/^\.?\/+|\/+$/g, "")));
  for (const name of wanted) {
    if (capsule.items.some(({ raw }) => lies(raw, name))) continue;
    throw new Failure("capsule.entry-missing", `Cannot find "${textOf(name)}" in "${capsule.path}"`, {
      hint: "List what is in it with unzip -l; paths are relative to its root.",
      context: { path: capsule.path, entry: textOf(name) },
    });
  }
  return capsule.items.filter(({ raw }) =>
    wanted.some((name) => lies(raw, name) || (raw.endsWith("/") && name.startsWith(raw))),
  );
}

function lies(raw: RawName, name: RawName): boolean {
  return name === "" || raw === name || raw.startsWith(`${name}/`);
}

async function prepareTarget({ target, overwrite }: ExtractingOptions): Promise<RawName> {
  try {
    await mkdir(target, { recursive: true, mode: 0o700 });
    const held = await readdir(target);
    if (held.length > 0 && !overwrite)
      throw inTheWay(rawOfText(target), `it holds ${held.length} entries already`);
    return rawOf(await realpath(target, { encoding: "buffer" }));
  } catch (error) {
    if (errnoOf(error) === "EEXIST" || errnoOf(error) === "ENOTDIR") {
      throw inTheWay(rawOfText(target), "it is no folder");
    }
    throw asFailure(error, "platform.file", `Cannot use the target "${target}"`);
  }
}

async function extractAll(extraction: Extraction, items: readonly CapsuleItem[]): Promise<void> {
  const { capsule, place, options, tally } = extraction;
  const folders = items.filter(({ entry }) => entry.type === "directory");
  const links = items.filter(({ entry }) => entry.type === "symlink");
  await options.crew.ask("makeFolders", { ...place, folders: foldersOver(items) });
  await extractFiles(extraction, items);
  const done = await options.crew.ask("finish", {
    ...place,
    descriptor: capsule.handle.fd,
    capsulePath: capsule.path,
    items: links.map(itemOf),
    folders: folders.map(itemOf).map((item) => ({ ...item, raw: item.raw.slice(0, -1) })),
  });
  count(extraction, done);
  for (const { entry } of [...folders, ...links]) tally.finished(entry.path);
}

async function extractFiles(extraction: Extraction, items: readonly CapsuleItem[]): Promise<void> {
  const { crew, signal } = extraction.options;
  const files = items.filter(({ entry }) => entry.type === "file");
  const segments = ahead(
    planSegments(files, ({ row }) => decodeBytes(row), wholeFileBytes),
    {
      start: (segment) => extractSegment(extraction, segment),
      weightOf: () => 1,
      maxWeight: crew.size * 2,
      maxCount: crew.size * 2,
    },
  );
  for await (const _ of segments) signal.throwIfAborted();
}

async function extractSegment(extraction: Extraction, segment: Segment<CapsuleItem>): Promise<void> {
  const { capsule, place, options, tally } = extraction;
  const items = segment.kind === "large" ? [segment.item] : segment.items;
  if (segment.kind === "large") {
    await extractLarge({ capsule, place, item: itemOf(segment.item), onBytes: tally.bytes });
    extraction.written += 1;
  } else {
    const request = {
      ...place,
      descriptor: capsule.handle.fd,
      capsulePath: capsule.path,
      items: items.map(itemOf),
    };
    count(extraction, await options.crew.ask("extract", request));
    tally.bytes(segment.sizeBytes);
  }
  for (const { entry } of items) tally.finished(entry.path);
}

function count(extraction: Extraction, { written, failure }: ExtractedBatch): void {
  extraction.written += written;
  if (failure === null) return;
  const { code, message, hint, context } = failure;
  throw new Failure(code, message, { ...(hint !== null && { hint }), context });
}

function itemOf({ raw, entry, row }: CapsuleItem): ExtractItem {
  return {
    raw,
    span: row,
    sha256: entry.sha256,
    mode: row.mode,
    modifiedMs: parseInstant(entry.modifiedAt) ?? 0,
  };
}

/** Every folder that the entries need, also those that a capsule does not list; parents first. */
function foldersOver(items: readonly CapsuleItem[]): readonly RawName[] {
  const folders = new Set<RawName>();
  for (const { raw } of items) {
    for (let end = raw.indexOf("/"); end >= 0; end = raw.indexOf("/", end + 1))
      folders.add(raw.slice(0, end));
  }
  return [...folders].sort((a, b) => compareRaw(`${a}/`, `${b}/`));
}

/** The same failure, saying also what it left behind. */
function saying(failure: Failure, { place, written }: Extraction, total: number): Failure {
  const left = `; at least ${written} of ${total} entries are in "${textOf(place.target)}"`;
  return new Failure(failure.code, `${failure.message}${left}`, {
    ...(failure.hint === null ? {} : { hint: failure.hint }),
    context: { ...failure.context, written, total },
    cause: failure.cause,
  });
}
