import type { AnyNode } from "acorn";
import { lineAt, nodesOf, type SourceFile } from "./source-tree.ts";

export interface Finding {
  readonly rule: string;
  readonly line: number;
}

type NodeRule = (node: AnyNode) => boolean;

/** What must not stand in the product's code (STYLE 3 and 5), by the name that the allow-list uses. */
const nodeRules: Readonly<Record<string, NodeRule>> = {
  "Date.now": (node) => isMember(node, "Date", ["now"]) || isMember(node, "performance", ["now"]),
  "new Date()": (node) =>
    node.type === "NewExpression" && isNamed(node.callee, "Date") && node.arguments.length === 0,
  timer: (node) =>
    (node.type === "CallExpression" &&
      (isNamed(node.callee, "setTimeout") || isNamed(node.callee, "setInterval"))) ||
    isMember(node, "AbortSignal", ["timeout"]) ||
    importsFrom(node, ["node:timers", "node:timers/promises"]),
  process: (node) => isMember(node, "process", null) || importsFrom(node, ["node:process", "process"]),
  console: (node) => isMember(node, "console", null),
  "Math.random": (node) => isMember(node, "Math", ["random"]),
  exec: (node) =>
    node.type === "ImportDeclaration" &&
    importsFrom(node, ["node:child_process", "child_process"]) &&
    node.specifiers.some(
      (one) => one.type !== "ImportSpecifier" || isNamed(one.imported, "exec", "execSync"),
    ),
  "shell: true": (node) =>
    node.type === "Property" &&
    isNamed(node.key, "shell") &&
    !(node.value.type === "Literal" && node.value.value === false),
  nbWorkers: (node) =>
    isNamed(node, "ZSTD_c_nbWorkers") ||
    (node.type === "MemberExpression" && isNamed(node.property, "ZSTD_c_nbWorkers")),
  "default export": (node) => node.type === "ExportDefaultDeclaration",
  "export *": (node) => node.type === "ExportAllDeclaration",
  "empty catch": (node) => node.type === "CatchClause" && node.body.body.length === 0,
  debugger: (node) => node.type === "DebuggerStatement",
};

const typeRules: Readonly<Record<string, RegExp>> = {
  any: /\bany\b/g,
  "non-null !": /!/g,
};

/** All findings of a file, whoever is allowed them. */
export function findingsOf(file: SourceFile): readonly Finding[] {
  const nodes = nodesOf(file).flatMap((node) =>
    Object.entries(nodeRules).flatMap(([rule, matches]) =>
      matches(node) ? [{ rule, line: node.loc?.start.line ?? 0 }] : [],
    ),
  );
  const types = Object.entries(typeRules).flatMap(([rule, pattern]) =>
    [...file.types.matchAll(pattern)].map((found) => ({ rule, line: lineAt(file.text, found.index) })),
  );
  return [...nodes, ...types, ...unprovenCasts(file), ...barrel(file)];
}

/** An `as` (but not `as const`) without a comment in its line or in the one above. */
function unprovenCasts(file: SourceFile): readonly Finding[] {
  return [...file.types.matchAll(/(?<![\w$])as\s+(?!const\b)[\w$([{<"'|]/g)]
    .map((found) => lineAt(file.text, found.index))
    .filter((line) => !isInImport(file, line))
    .filter((line) => !file.commentLines.has(line) && !file.commentLines.has(line - 1))
    .map((line) => ({ rule: "as without its proof", line }));
}

function isInImport(file: SourceFile, line: number): boolean {
  const head = file.lines.slice(0, line).findLast((text) => /^\S/.test(text) && !text.startsWith("}"));
  return /^(import|export) (type )?\{/.test(head ?? "");
}

/** A file that only hands on what others export. */
function barrel(file: SourceFile): readonly Finding[] {
  const body = file.program.body.filter((node) => node.type !== "ImportDeclaration");
  const handsOn = body.every((node) => node.type === "ExportNamedDeclaration" && node.source != null);
  return body.length > 0 && handsOn ? [{ rule: "barrel", line: 1 }] : [];
}

function isNamed(node: AnyNode, ...names: readonly string[]): boolean {
  return node.type === "Identifier" && names.includes(node.name);
}

function isMember(node: AnyNode, object: string, properties: readonly string[] | null): boolean {
  if (node.type !== "MemberExpression" || !isNamed(node.object, object)) return false;
  return properties === null || (!node.computed && isNamed(node.property, ...properties));
}

function importsFrom(node: AnyNode, modules: readonly string[]): boolean {
  return node.type === "ImportDeclaration" && modules.includes(String(node.source.value));
}
