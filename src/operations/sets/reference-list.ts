import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import zlib from "node:zlib";
import { z } from "zod";
import { errnoOf } from "../../domain/failure.ts";
import { createDecoder } from "../../platform/compression.ts";
import { linesOf } from "../../platform/lines.ts";

/** Where the paths that a backup's rows named wait for the capsule. */
export interface ListPlace {
  readonly statePath: string;
  readonly job: string;
  readonly database: string;
  readonly backup: string;
}

/**
 * One line of a list. "salt" comes first where the paths are kept as hashes only. A query is followed by its paths:
 * `place` in the capsule (or its hash), or `outside` as the row has it; then by its end, with why it was not read further.
 */
const line = z.union([
  z.object({ salt: z.string() }),
  z.object({ sql: z.string(), root: z.string() }),
  z.object({ place: z.string() }),
  z.object({ outside: z.string().nullable() }),
  z.object({ end: z.string().nullable() }),
]);

export type ListLine = z.infer<typeof line>;

/** A later backup's list replaces those before the last: a capsule that is just being packed may still read that one. */
const keptLists = 2;

function folderOf({ statePath, job, database }: Omit<ListPlace, "backup">): string {
  return join(statePath, "references", job, encodeURIComponent(database));
}

function pathOf(place: ListPlace): string {
  return join(folderOf(place), `${place.backup}.zst`);
}

/** Whole under its name, or not there. What `lines` throws is thrown, and nothing is left of it. */
export async function writeList(place: ListPlace, lines: AsyncIterable<readonly ListLine[]>): Promise<void> {
  const path = pathOf(place);
  const scratch = `${path}.new`;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  try {
    const text = Readable.from(jsonLines(lines), { objectMode: false });
    await pipeline(text, zlib.createZstdCompress(), createWriteStream(scratch, { mode: 0o600 }));
    await rename(scratch, path);
  } catch (error) {
    await rm(scratch, { force: true });
    throw error;
  }
  await removeOld(place);
}

async function* jsonLines(lines: AsyncIterable<readonly ListLine[]>): AsyncGenerator<string> {
  for await (const some of lines) yield some.map((one) => `${JSON.stringify(one)}\n`).join("");
}

async function removeOld(place: ListPlace): Promise<void> {
  const folder = folderOf(place);
  const names = (await readdir(folder)).toSorted();
  const others = names.filter((name) => name !== `${place.backup}.zst`);
  for (const name of others.slice(0, Math.max(0, others.length - keptLists + 1)))
    await rm(join(folder, name), { force: true });
}

/** Null when it is not there. The lines fail when the file is damaged. */
export async function readList(place: ListPlace): Promise<AsyncIterable<readonly ListLine[]> | null> {
  const file = createReadStream(pathOf(place));
  try {
    await new Promise((resolve, reject) => file.once("open", resolve).once("error", reject));
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return null;
    throw error;
  }
  return parsedLines(file);
}

async function* parsedLines(file: Readable): AsyncGenerator<readonly ListLine[]> {
  const decoder = createDecoder("zstd");
  if (decoder === null) return;
  file.once("error", (error) => decoder.destroy(error));
  file.pipe(decoder);
  try {
    for await (const texts of linesOf(decoder)) yield texts.map(readLine);
  } finally {
    file.destroy();
    decoder.destroy();
  }
}

function readLine(text: string): ListLine {
  const value: unknown = JSON.parse(text);
  // Nearly all of them, and there may be a million.
  if (typeof value === "object" && value !== null && "place" in value && typeof value.place === "string")
    return { place: value.place };
  return line.parse(value);
}

/** What a place is known by in a list with a salt. */
export function hashedPlace(salt: string, place: string): string {
  return createHash("sha256").update(salt).update("\0").update(place).digest("base64").slice(0, 22);
}
