import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf, Failure } from "../../domain/failure.ts";
import { partialName, sentinelName } from "../names.ts";
import { restorePage, restorePageName } from "../restore-page.ts";
import { formatSentinel, parseSentinel } from "../sentinel-text.ts";
import { placeFile } from "./place.ts";
import type { LocalParts } from "./settings.ts";
import { translateError } from "./translate.ts";

/** The destination's id; null when there is no sentinel. Throws "destination.sentinel-foreign" when it cannot be read as ours. */
export async function readSentinel(directory: string): Promise<string | null> {
  const path = join(directory, sentinelName);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return null;
    throw translateError(error, { verb: "read", path, directory });
  }
  const id = parseSentinel(text);
  if (id !== null) return id;
  throw new Failure(
    "destination.sentinel-foreign",
    `Cannot use "${directory}": "${path}" is not written by codex-backup`,
    {
      hint: `See what it is; if it is a damaged sentinel, move it away and run: codex-backup destination init.`,
    },
  );
}

/** Writes sentinel and restore page unless they are there; another process doing the same is fine. Returns the id. */
export async function writeSentinel(parts: LocalParts): Promise<string> {
  const directory = parts.settings.path;
  await placeUnlessThere(parts, restorePageName, Buffer.from(restorePage));
  const known = await readSentinel(directory);
  if (known !== null) return known;
  const { randomToken, clock, tool } = parts.deps;
  const content = { id: randomToken(20), createdAt: clock.now(), tool };
  await placeUnlessThere(parts, sentinelName, Buffer.from(formatSentinel(content)));
  return (await readSentinel(directory)) ?? content.id;
}

async function placeUnlessThere(parts: LocalParts, name: string, bytes: Buffer): Promise<void> {
  try {
    const scratch = partialName(name.replace(/^\./, ""), `init-${parts.deps.randomToken(10)}`);
    await placeFile(parts, { name, scratch, bytes });
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== "destination.exists") throw error;
  }
}
