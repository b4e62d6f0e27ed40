import { Failure, messageOf } from "../domain/failure.ts";
import type { CapsuleSource } from "../domain/jobs/source.ts";

/**
 * Which paths of a tree belong into a capsule. Dialect of the patterns: relative to the root and anchored
 * there; `*` and `?` stay within one name, `**` as a whole name stands for any number of folders, also none;
 * `[a-z]`, `[!a-z]`, `{a,b}`, `\` before a character takes it literally. A pattern that matches a folder takes all
 * below it. Names that start with a dot are nothing special. Exclude wins over include.
 */
export interface Selection {
  /** Null: the patterns do not name it. */
  verdict(path: string): "taken" | "excluded" | null;
  /** Whether something below this folder can be taken, although the folder itself is not. */
  mayContain(folder: string): boolean;
  /** The longest leading paths of the include patterns that hold no wildcard: what must be there. */
  readonly literalHeads: readonly string[];
}

type Segment = RegExp | "**";
type Pattern = readonly Segment[];

/** Compiles the patterns once. No `include` takes everything; `exclude` wins over it. */
export function createSelection(source: Pick<CapsuleSource, "include" | "exclude">): Selection {
  const spelled = source.include.flatMap(expandBraces).map(namesOf);
  const include = spelled.map(compile);
  const exclude = source.exclude.flatMap(expandBraces).map(namesOf).map(compile);
  return {
    verdict(path) {
      const names = path.split("/");
      if (exclude.some((pattern) => takes(pattern, names))) return "excluded";
      if (include.length === 0) return "taken";
      return include.some((pattern) => takes(pattern, names)) ? "taken" : null;
    },
    mayContain(folder) {
      const names = folder.split("/");
      return include.some((pattern) => leadsInto(pattern, names));
    },
    literalHeads: [...new Set(spelled.map(literalHead))].filter((head) => head !== ""),
  };
}

/** "./ledger//" and "/ledger" mean "ledger". */
function namesOf(pattern: string): readonly string[] {
  return pattern.split("/").filter((name) => name !== "" && name !== ".");
}

/** "{a,b/c}.txt" becomes "a.txt" and "b/c.txt"; braces may nest. Unpaired ones are literal. */
function expandBraces(pattern: string): readonly string[] {
  const found = /^(.*)(?<!\\)\{([^{}]*,[^{}]*)\}(.*)$/s.exec(pattern);
  if (!found) return [pattern];
  const [, head = "", inner = "", tail = ""] = found;
  return inner.split(",").flatMap((choice) => expandBraces(`${head}${choice}${tail}`));
}

function compile(names: readonly string[]): Pattern {
  return names.map((name) => {
    if (name === "**") return name;
    try {
      return new RegExp(`^${expressionOf(name)}$`, "us");
    } catch (error) {
      throw new Failure("config.invalid", `Cannot read the pattern "${name}": ${messageOf(error)}`, {
        hint: "Correct the include and exclude patterns of the job.",
        cause: error,
      });
    }
  });
}

const tokens = /\\(?<escaped>.)|\[(?<not>!?)(?<set>(?:\\.|[^\]\\])+)\]|\*+|\?|[^\\[*?]+|./gsu;

function expressionOf(name: string): string {
  return Array.from(name.matchAll(tokens), expressionOfToken).join("");
}

function expressionOfToken({ 0: token, groups }: RegExpMatchArray): string {
  if (groups?.escaped !== undefined) return RegExp.escape(groups.escaped);
  if (groups?.set !== undefined) return `[${groups.not === "!" ? "^" : ""}${classOf(groups.set)}]`;
  if (token.startsWith("*")) return ".*";
  return token === "?" ? "." : RegExp.escape(token);
}

function classOf(set: string): string {
  return set.replace(/\\(.)|[[^&]/gsu, (token, escaped: string | undefined) =>
    RegExp.escape(escaped ?? token),
  );
}

function takes(pattern: Pattern, names: readonly string[]): boolean {
  const [head, ...rest] = pattern;
  if (head === undefined) return true; // used up: the path is what it names, or lies below that
  if (head === "**") return names.some((_, from) => takes(rest, names.slice(from))) || rest.length === 0;
  const [name, ...below] = names;
  return name !== undefined && head.test(name) && takes(rest, below);
}

function leadsInto(pattern: Pattern, names: readonly string[]): boolean {
  const [head, ...rest] = pattern;
  if (head === undefined || head === "**") return true;
  const [name, ...below] = names;
  return name === undefined || (head.test(name) && leadsInto(rest, below));
}

function literalHead(names: readonly string[]): string {
  const first = names.findIndex((name) => /[*?[\\]/.test(name));
  return (first < 0 ? names : names.slice(0, first)).join("/");
}
