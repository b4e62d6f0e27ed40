import type { Path, Problem } from "./problem.ts";
import { describePath } from "./problem.ts";

/**
 * Keys of the contract that this version cannot honour yet: they are refused, because a setting that is
 * silently ignored is worse than none. "*" stands for any name. Drop a line here when its feature arrives.
 */
const unavailableKeys: readonly Path[] = [["destinations", "*", "gcs"]];

const unavailableValues: readonly { readonly path: Path; readonly value: string }[] = [
  { path: ["jobs", "*", "format"], value: "split" },
];

export interface Availability {
  /** The file's value without what is unavailable. */
  readonly value: unknown;
  readonly problems: readonly Problem[];
}

/** Takes out, and reports, what comes with a later version. */
export function withoutUnavailable(value: unknown, path: Path = []): Availability {
  if (!isRecord(value)) return { value, problems: [] };
  const problems: Problem[] = [];
  const kept: [string, unknown][] = [];
  for (const [key, inner] of Object.entries(value)) {
    const here = [...path, key];
    const refused = refusalOf(here, inner);
    if (refused) problems.push(refused);
    else {
      const checked = withoutUnavailable(inner, here);
      problems.push(...checked.problems);
      kept.push([key, checked.value]);
    }
  }
  return { value: Object.fromEntries(kept), problems };
}

function refusalOf(path: Path, value: unknown): Problem | null {
  if (unavailableKeys.some((key) => matches(key, path))) {
    return {
      path,
      at: "key",
      message: `${describePath(path)} is not available in this version; take it out`,
    };
  }
  const refused = unavailableValues.find((entry) => matches(entry.path, path) && entry.value === value);
  if (!refused) return null;
  return {
    path,
    at: "value",
    message: `${describePath(path)}: ${refused.value} is not available in this version`,
  };
}

function matches(pattern: Path, path: Path): boolean {
  return (
    pattern.length === path.length && pattern.every((part, index) => part === "*" || part === path[index])
  );
}

/** True for what a YAML map becomes. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
