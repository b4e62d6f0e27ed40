import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf, Failure, messageOf } from "../domain/failure.ts";
import { parseRunId } from "./run-id.ts";

/** Some whole lines of a run's log. */
export interface RunLogPage {
  readonly lines: readonly string[];
  /** Where the next page begins; where this one began when no further line is whole yet. */
  readonly nextByte: number;
}

const pageBytes = 256 * 1024;

/**
 * Reads STATE/logs/RUNID.jsonl from a byte on, at most 256 kB: a whole log can have 16 MB. A line that is longer than
 * a page is cut. Null when there is no such log. Throws "platform.file".
 */
export async function readRunLogPage(
  directory: string,
  runId: string,
  fromByte: number,
): Promise<RunLogPage | null> {
  if (parseRunId(runId) === null) return null;
  const path = join(directory, `${runId}.jsonl`);
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(pageBytes), 0, pageBytes, fromByte);
      return pageOf(buffer.subarray(0, bytesRead), fromByte);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return null;
    throw new Failure("platform.file", `Cannot read "${path}": ${messageOf(error)}`, {
      hint: "Check who may read it.",
      cause: error,
    });
  }
}

function pageOf(bytes: Buffer, fromByte: number): RunLogPage {
  const end = bytes.lastIndexOf("\n");
  const isOverlong = end < 0 && bytes.length === pageBytes;
  const whole = isOverlong ? bytes : bytes.subarray(0, end + 1);
  const lines = whole
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "");
  return { lines, nextByte: fromByte + whole.length };
}
