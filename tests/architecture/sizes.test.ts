import assert from "node:assert/strict";
import { test } from "node:test";
import type { AnyNode } from "acorn";
import { loadSource, loadSources, nodesOf, placeOf, type SourceFile } from "./source-tree.ts";

const sources = loadSources();

interface FunctionSize {
  readonly place: string;
  readonly lines: number;
}

/** Functions and methods, and arrows with a body; an arrow that is one expression is none of them. */
function functionsOf(file: SourceFile): readonly FunctionSize[] {
  return nodesOf(file)
    .filter(isFunction)
    .map((node) => {
      const { start, end } = node.loc ?? { start: { line: 0 }, end: { line: 0 } };
      return { place: placeOf(file, start.line), lines: end.line - start.line + 1 };
    });
}

function isFunction(node: AnyNode): boolean {
  const kinds = ["FunctionDeclaration", "FunctionExpression"];
  return (
    kinds.includes(node.type) ||
    (node.type === "ArrowFunctionExpression" && node.body.type === "BlockStatement")
  );
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

test("lengths are measured in lines of the file as it is written", () => {
  const text = "type A = {\n  b: string;\n};\nexport function f(\n  a: A,\n): void {\n  a.b;\n}\n";
  assert.deepEqual(functionsOf(loadSource("domain/a.ts", text)), [{ place: "src/domain/a.ts:4", lines: 5 }]);
});

test("no function has more than 60 lines, half have at most 12, nine of ten at most 30", () => {
  const functions = sources.flatMap(functionsOf);
  const lengths = functions.map((one) => one.lines);
  assert.deepEqual(
    functions.filter((one) => one.lines > 60).map((one) => `${one.place} ${one.lines} lines`),
    [],
  );
  assert.ok(quantile(lengths, 0.5) <= 12, `the median is ${quantile(lengths, 0.5)} lines`);
  assert.ok(quantile(lengths, 0.9) <= 30, `nine of ten have up to ${quantile(lengths, 0.9)} lines`);
});

test("no file has more than 300 lines, half have at most 100", () => {
  const faults = sources.filter((file) => file.lines.length > 300);
  assert.deepEqual(
    faults.map((file) => `src/${file.path} ${file.lines.length} lines`),
    [],
  );
  const median = quantile(
    sources.map((file) => file.lines.length),
    0.5,
  );
  assert.ok(median <= 100, `the median is ${median} lines`);
});

test("between a tenth and a quarter of the lines carry a comment", () => {
  const written = sources.reduce(
    (sum, file) => sum + file.lines.filter((line) => line.trim() !== "").length,
    0,
  );
  const commented = sources.reduce((sum, file) => sum + file.commentLines.size, 0);
  const share = commented / written;
  assert.ok(share >= 0.1 && share <= 0.25, `the share is ${(share * 100).toFixed(1)} %`);
});

test("no function takes more than three positional parameters", () => {
  const faults = sources.flatMap((file) =>
    nodesOf(file).flatMap((node) => {
      const hasMany = "params" in node && Array.isArray(node.params) && node.params.length > 3;
      return hasMany ? [placeOf(file, node.loc?.start.line ?? 0)] : [];
    }),
  );
  assert.deepEqual(faults, []);
});

test("no file or folder bears a name that says nothing", () => {
  const nothing = /(^|[/-])(utils?|helpers?|common|manager|service|base|misc|index)(\.ts$|\/|-)/;
  const faults = sources
    .map((file) => file.path)
    .filter((path) => nothing.test(path) || /[A-Z_ ]/.test(path));
  assert.deepEqual(faults, []);
});
