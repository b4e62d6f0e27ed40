import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { AnyNode } from "acorn";
import { loadSources, nodesOf } from "./source-tree.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/reference/log-fields.md"), "utf8");

/** The names in the first column of the page's tables. */
function documented(): ReadonlySet<string> {
  const cells = page.split("\n").flatMap((line) => /^\| (`[^|]*`) \|/.exec(line)?.[1] ?? []);
  return new Set(cells.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map((found) => found[1] ?? "")));
}

const levels = ["debug", "info", "warn", "error"];

/** The keys that a call of a log is given by name; what is spread in is its caller's. */
function fieldsOf(node: AnyNode): readonly string[] {
  if (node.type !== "CallExpression" || node.callee.type !== "MemberExpression") return [];
  const { object, property } = node.callee;
  const isLog =
    (object.type === "Identifier" && object.name === "log") ||
    (object.type === "MemberExpression" &&
      object.property.type === "Identifier" &&
      object.property.name === "log");
  if (!isLog || property.type !== "Identifier" || !levels.includes(property.name)) return [];
  const [first] = node.arguments;
  if (first?.type !== "ObjectExpression") return [];
  return first.properties.flatMap((one) =>
    one.type === "Property" && one.key.type === "Identifier" ? [one.key.name] : [],
  );
}

test("every field that a log is given is explained, and none is explained that is never written", () => {
  const written = new Set(loadSources().flatMap((file) => nodesOf(file).flatMap(fieldsOf)));
  assert.ok(written.size > 15, "the log's calls were not found");
  const known = documented();
  assert.deepEqual(
    [...written].filter((field) => !known.has(field)),
    [],
  );
  const inherited = [
    "time",
    "level",
    "msg",
    "droppedLines",
    "repeated",
    "startedAt",
    "hint",
    "restored",
    "old",
    "who",
    "why",
  ];
  assert.deepEqual(
    [...known].filter((field) => !written.has(field) && !inherited.includes(field)),
    [],
  );
});
