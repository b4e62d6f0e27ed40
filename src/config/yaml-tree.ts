import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type YAMLError,
  type YAMLMap,
} from "yaml";
import type { Path } from "./problem.ts";

export interface Position {
  /** Both from 1. */
  readonly line: number;
  readonly column: number;
}

export interface SyntaxProblem {
  readonly position: Position;
  readonly message: string;
}

/** A YAML file as plain values, with the place of each in the text. */
export interface YamlTree {
  /** Objects, arrays, strings, numbers, booleans, null. Keys are always strings. */
  readonly value: unknown;
  /** Of the nearest known place: what is missing stands where its parent does. */
  positionOf(path: Path, at: "key" | "value"): Position;
}

/** More than any real config; an alias bomb passes this in its first millisecond. */
const nodeLimit = 20_000;
const depthLimit = 40;

/** Keys whose value is octal: YAML 1.2 reads a bare 0600 as six hundred, so the text as written counts. */
const octalKeys: readonly string[] = ["mode", "directoryMode"];

/** Reads YAML 1.2, one document. Returns the syntax problems instead when there are any. */
export function readYaml(text: string): YamlTree | readonly SyntaxProblem[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0)
    return faults.map((fault) => ({ position: placeOf(fault.pos[0], lines), message: explain(fault, text) }));
  const reader = createReader(document, lines);
  const value = reader.read(document.contents, []);
  if (reader.problems.length > 0) return reader.problems;
  return { value, positionOf: (path, at) => reader.positionOf(path, at) };
}

interface Reader {
  read(node: unknown, path: Path): unknown;
  positionOf(path: Path, at: "key" | "value"): Position;
  readonly problems: readonly SyntaxProblem[];
}

function createReader(document: Document.Parsed, lines: LineCounter): Reader {
  const places = new Map<string, { readonly key: number; readonly value: number }>();
  const problems: SyntaxProblem[] = [];
  let nodes = 0;

  function refuse(offset: number, message: string): null {
    if (problems.length === 0) problems.push({ position: placeOf(offset, lines), message });
    return null;
  }

  function read(node: unknown, path: Path): unknown {
    nodes += 1;
    const offset = startOf(node) ?? 0;
    if (nodes > nodeLimit)
      return refuse(offset, `the file unfolds to more than ${nodeLimit} values: too many aliases`);
    if (path.length > depthLimit) return refuse(offset, `values are nested more than ${depthLimit} deep`);
    if (isAlias(node)) return read(node.resolve(document), path);
    if (isMap(node)) return readMap(node, path);
    if (isSeq(node)) return node.items.map((item, index) => readItem(item, [...path, index]));
    return isScalar(node) ? node.value : null;
  }

  function readItem(item: unknown, path: Path): unknown {
    const offset = startOf(item) ?? 0;
    places.set(keyOf(path), { key: offset, value: offset });
    return read(item, path);
  }

  function readMap(map: YAMLMap, path: Path): unknown {
    return Object.fromEntries(map.items.map((pair) => readPair(pair, path)));
  }

  function readPair(pair: Pair, path: Path): readonly [string, unknown] {
    const keyOffset = startOf(pair.key) ?? 0;
    if (!isScalar(pair.key)) {
      refuse(keyOffset, "a key is not plain text; put a value with braces or a star in quotes");
      return ["", null];
    }
    const key = pair.key.source ?? String(pair.key.value);
    const inner = [...path, key];
    places.set(keyOf(inner), { key: keyOffset, value: startOf(pair.value) ?? keyOffset });
    const isOctal = octalKeys.includes(key) && isScalar(pair.value) && typeof pair.value.value === "number";
    return [key, isOctal && isScalar(pair.value) ? pair.value.source : read(pair.value, inner)];
  }

  function positionOf(path: Path, at: "key" | "value"): Position {
    for (let length = path.length; length > 0; length -= 1) {
      const place = places.get(keyOf(path.slice(0, length)));
      if (place) return placeOf(length === path.length ? place[at] : place.key, lines);
    }
    return { line: 1, column: 1 };
  }

  return { read, positionOf, problems };
}

function keyOf(path: Path): string {
  return JSON.stringify(path);
}

function startOf(node: unknown): number | undefined {
  return (node as Node | null | undefined)?.range?.[0]; // parsed documents hold only nodes and null
}

function placeOf(offset: number, lines: LineCounter): Position {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}

function explain(fault: YAMLError, text: string): string {
  const line = lineAt(text, fault.pos[0]);
  if (fault.code === "DUPLICATE_KEY")
    return `the key "${keyAt(text, fault.pos[0])}" stands twice; only one would count`;
  if (fault.code === "TAB_AS_INDENT" || /^ *\t/.test(line))
    return "a tab indents this line; YAML takes blanks only";
  if (fault.code === "MULTIPLE_DOCS") return "a second document starts here; one is allowed";
  if (/:\s*\{\w+\}/.test(line)) return `${fault.message}; put a value that starts with a brace in quotes`;
  if (/[:,[]\s*\*/.test(line)) return `${fault.message}; put a value that starts with a star in quotes`;
  return fault.message;
}

function lineAt(text: string, offset: number): string {
  const start = text.lastIndexOf("\n", offset - 1) + 1;
  const end = text.indexOf("\n", offset);
  return text.slice(start, end < 0 ? text.length : end);
}

function keyAt(text: string, offset: number): string {
  return /^[^:\n]*/.exec(text.slice(offset))?.[0].trim() ?? "";
}
