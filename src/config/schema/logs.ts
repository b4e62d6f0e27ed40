import { z } from "zod";
import { count, duration, plainText, size } from "./scalar.ts";

export type LogsWritten = z.output<typeof logs>;

/** `logs`: how long our own logs are kept. */
export const logs = z.strictObject({
  maxAge: duration.prefault("180d").describe("Logs of runs that are older are removed"),
  size: size.prefault("256 MB").describe("All logs of runs together; the oldest are removed"),
  file: plainText
    .optional()
    .describe("A log for people as well: one line for each run, and one for each warning; default: none"),
  fileSize: size.prefault("10 MB").describe("When that file would grow larger it becomes FILE.1, FILE.2, …"),
  files: count(1).default(5).describe("So many of those are kept"),
});
