import { resolve } from "node:path";
import type { HookProgram, JobHooks } from "../domain/jobs/job-hooks.ts";
import type { HooksSettings } from "./schema/hooks.ts";

/** A program with a slash is a path, taken from the config file's directory; without one it is looked for in the PATH. */
export function buildHooks(settings: HooksSettings | undefined, directory: string): { hooks?: JobHooks } {
  if (settings === undefined) return {};
  const list = (written: HooksSettings["before"]) =>
    argvsOf(written).flatMap(([program, ...args]): readonly HookProgram[] => {
      if (program === undefined) return [];
      return [[program.includes("/") ? resolve(directory, program) : program, ...args]];
    });
  const { before, after, failed, timeout } = settings;
  return {
    hooks: { before: list(before), after: list(after), failed: list(failed), timeoutMs: timeout },
  };
}

function argvsOf(written: HooksSettings["before"]): readonly (readonly string[])[] {
  const words = written.filter((part) => typeof part === "string");
  return words.length > 0 ? [words] : written.filter((part) => typeof part !== "string");
}
