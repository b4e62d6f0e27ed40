import { nearest } from "../domain/nearest.ts";

/** Where in the file's tree: keys and list indices from the top. */
export type Path = readonly (string | number)[];

/** One thing that is wrong in the file. */
export interface Problem {
  readonly path: Path;
  /** Whether the key itself is wrong, or what stands behind it. */
  readonly at: "key" | "value";
  /** "what was found; what is allowed; did you mean …?" */
  readonly message: string;
  /** True when a secret could not be opened: the file itself may be right. */
  readonly isSecret?: boolean;
}

/** Collects the problems of one file. */
export interface ProblemList {
  add(problem: Problem): void;
  readonly all: readonly Problem[];
}

/** Collects all that is wrong, so that one reading of the config tells everything. */
export function createProblemList(): ProblemList {
  const all: Problem[] = [];
  return { add: (problem) => all.push(problem), all };
}

/** Points at the key, and guesses which one was meant. */
export function unknownKey(path: Path, key: string, allowed: readonly string[]): Problem {
  const inside = path.length === 0 ? "" : ` in ${describePath(path)}`;
  const message = `unknown key "${key}"${inside}; allowed: ${allowed.join(", ")}${suggestion(key, allowed)}`;
  return { path: [...path, key], at: "key", message };
}

/** Points at the value. */
export function wrongValue(path: Path, found: string, allowed: string): Problem {
  return { path, at: "value", message: `${describePath(path)} is ${found}; allowed: ${allowed}` };
}

export function unknownName(
  path: Path,
  name: string,
  known: { readonly kind: string; readonly names: readonly string[] },
): Problem {
  const names = known.names.length === 0 ? "none is defined" : `allowed: ${known.names.join(", ")}`;
  const message = `${describePath(path)} names the unknown ${known.kind} "${name}"; ${names}${suggestion(name, known.names)}`;
  return { path, at: "value", message };
}

/** `; did you mean "x"?`, or nothing. */
export function suggestion(word: string, known: readonly string[]): string {
  const near = nearest(word, known);
  return near === null ? "" : `; did you mean "${near}"?`;
}

/** `jobs.database.to[1]` */
export function describePath(path: Path): string {
  return path
    .map((part, index) => (typeof part === "number" ? `[${part}]` : index === 0 ? part : `.${part}`))
    .join("");
}
