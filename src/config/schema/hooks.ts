import { z } from "zod";
import { duration, plainText } from "./scalar.ts";

export type HooksSettings = z.output<typeof hooks>;

const allowed = 'a program and its arguments, such as ["/usr/local/bin/quiesce", "on"], or a list of such';

const argv = z.array(plainText).min(1, { error: () => "a program and its arguments" });

/** One argv, or several that run one after the other. */
const programs = z.union([z.array(plainText), z.array(argv)], { error: () => allowed }).default([]);

export const hooks = z.strictObject({
  before: programs.describe(
    "Before anything is taken: any status but 0 fails the run, 75 skips it; one argv, or a list of them",
  ),
  after: programs.describe("After a complete or incomplete run; a failure is a warning and exit status 3"),
  failed: programs.describe("After a failed run, also one that was interrupted"),
  timeout: duration.prefault("5m").describe("Limit of each program; then its process group is ended"),
});
