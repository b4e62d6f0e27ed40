import { realpath, stat } from "node:fs/promises";
import { basename, dirname, join, sep } from "node:path";
import type { ApartFrom } from "../cli/cli.ts";
import { errnoOf, Failure, messageOf } from "../domain/failure.ts";
import { statIfThere } from "../platform/files.ts";
import { writeWholeFile } from "../platform/write-whole-file.ts";
import { randomToken } from "./random-token.ts";

/** See Tool.createSecretFile. Links are followed first: what counts is where the bytes will lie. */
export async function createSecretFile(
  path: string,
  text: string,
  apartFrom: readonly ApartFrom[],
): Promise<string | null> {
  const directory = await realDirectory(path);
  for (const place of apartFrom) {
    if (!isWithin(directory, await realpath(place.path).catch(() => place.path))) continue;
    throw refused(path, `it would lie in "${place.path}", and ${place.why}`, "Name a file on another disk.");
  }
  const target = join(directory, basename(path));
  try {
    if ((await statIfThere(target)) === null && (await writeWholeFile(target, text, randomToken(8))))
      return await placeOnSameDisk(directory, apartFrom);
  } catch (error) {
    throw new Failure("platform.file", `Cannot write "${path}": ${messageOf(error)}`, {
      hint: "Name a file that this user may write, on a disk with space; nothing was left there.",
      cause: error,
    });
  }
  throw refused(path, "it exists", "Name another file, or move this one away.");
}

/** What cannot be looked at is on no disk. */
async function placeOnSameDisk(directory: string, places: readonly ApartFrom[]): Promise<string | null> {
  const deviceOf = (path: string) =>
    stat(path).then(
      ({ dev }) => dev,
      () => null,
    );
  const device = await deviceOf(directory);
  for (const { path } of places) if (device !== null && (await deviceOf(path)) === device) return path;
  return null;
}

async function realDirectory(path: string): Promise<string> {
  const directory = dirname(path);
  try {
    return await realpath(directory);
  } catch (error) {
    if (errnoOf(error) === "ENOENT")
      throw refused(
        path,
        `there is no directory "${directory}"`,
        "Mount the disk that it is on, or make the directory first.",
      );
    throw refused(path, messageOf(error), "Name a file that this user may write.");
  }
}

function isWithin(directory: string, place: string): boolean {
  return directory === place || directory.startsWith(place.endsWith(sep) ? place : `${place}${sep}`);
}

function refused(path: string, seen: string, hint: string): Failure {
  return new Failure("usage.refused", `Cannot write the key to "${path}": ${seen}`, { hint });
}
