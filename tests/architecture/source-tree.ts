import { globSync, readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { posix } from "node:path";
import { type AnyNode, type Program, parse } from "acorn";
import { full } from "acorn-walk";

export interface Import {
  /** As written. */
  readonly specifier: string;
  /** Path under src/ when it is relative ("domain/failure.ts"), else null. */
  readonly target: string | null;
  readonly isTypeOnly: boolean;
  readonly line: number;
}

export interface SourceFile {
  /** Under src/, "postgres/dump.ts". */
  readonly path: string;
  /** First folder under src/; of files that lie in src/ itself their name without ".ts". */
  readonly room: string;
  readonly text: string;
  readonly lines: readonly string[];
  readonly imports: readonly Import[];
  readonly program: Program;
  /** The text with everything but types blanked, comments in them too; positions are those of the text. */
  readonly types: string;
  readonly commentLines: ReadonlySet<number>;
}

/** Every source file of the product, without tests. Throws when one does not parse. */
export function loadSources(): readonly SourceFile[] {
  return globSync("src/**/*.ts")
    .filter((path) => !path.endsWith(".test.ts"))
    .sort()
    .map((path) => loadSource(posix.relative("src", path), readFileSync(path, "utf8")));
}

/** As loadSources, of one text. */
export function loadSource(path: string, text: string): SourceFile {
  const plain = stripTypeScriptTypes(text);
  const erased = onlyErased(text, plain);
  const commentLines = new Set<number>();
  const program = parse(plain, {
    ecmaVersion: "latest",
    sourceType: "module",
    locations: true,
    onComment: (_isBlock, _text, start, end) => addLines(commentLines, text, start, end),
  });
  for (const found of erased.matchAll(/\/\*[\s\S]*?\*\/|\/\/.*/g)) {
    addLines(commentLines, text, found.index, found.index + found[0].length);
  }
  return {
    path,
    room: path.includes("/") ? path.slice(0, path.indexOf("/")) : path.replace(/\.ts$/, ""),
    text,
    lines: text.replace(/\n$/, "").split("\n"),
    imports: importsOf(path, text),
    program,
    types: blankMatches(erased, /\/\*[\s\S]*?\*\/|\/\/.*|"[^"\n]*"|`[^`]*`/g),
    commentLines,
  };
}

/** What type stripping replaced by blanks (it keeps every position). */
function onlyErased(text: string, plain: string): string {
  return Array.from({ length: text.length }, (_, at) => {
    const character = text.charAt(at);
    return character === "\n" || plain.charAt(at) !== character ? character : " ";
  }).join("");
}

function blankMatches(text: string, pattern: RegExp): string {
  return text.replace(pattern, (found) => found.replace(/[^\n]/g, " "));
}

function addLines(lines: Set<number>, text: string, start: number, end: number): void {
  for (let line = lineAt(text, start); line <= lineAt(text, end); line++) lines.add(line);
}

/** The number of the line that holds a position; the first is 1. */
export function lineAt(text: string, position: number): number {
  return text.slice(0, position).split("\n").length;
}

/** Read from the text itself, because stripping removes the imports of types. */
function importsOf(path: string, text: string): readonly Import[] {
  const statement = /^(import|export)\s+(type\s+)?(?:[^;"']*?\sfrom\s*)?["']([^"']+)["']/gm;
  const dynamic = /\bimport\(\s*["']([^"']+)["']/g;
  return [
    ...[...text.matchAll(statement)].map((found) =>
      importOf(path, text, {
        specifier: found[3] ?? "",
        isTypeOnly: found[2] !== undefined,
        index: found.index,
      }),
    ),
    ...[...text.matchAll(dynamic)].map((found) =>
      importOf(path, text, { specifier: found[1] ?? "", isTypeOnly: false, index: found.index }),
    ),
  ];
}

function importOf(
  path: string,
  text: string,
  found: { readonly specifier: string; readonly isTypeOnly: boolean; readonly index: number },
): Import {
  const { specifier, isTypeOnly, index } = found;
  const target = specifier.startsWith(".") ? posix.join(posix.dirname(path), specifier) : null;
  return { specifier, target, isTypeOnly, line: lineAt(text, index) };
}

/** Every node of a file, in no particular order. */
export function nodesOf(file: SourceFile): readonly AnyNode[] {
  const nodes: AnyNode[] = [];
  full(file.program, (node) => {
    nodes.push(node as AnyNode); // acorn-walk hands over the nodes that acorn made
  });
  return nodes;
}

/** "src/postgres/dump.ts:12", as editors open it. */
export function placeOf(file: SourceFile, line: number): string {
  return `src/${file.path}:${line}`;
}
