import assert from "node:assert/strict";
import { test } from "node:test";
import { doorOf, faultOfImport } from "./rooms.ts";
import { loadSource, loadSources, placeOf } from "./source-tree.ts";

const sources = loadSources();

function faultsIn(path: string, text: string): readonly string[] {
  const file = loadSource(path, text);
  return file.imports.map((one) => faultOfImport(file, one)).filter((fault) => fault !== null);
}

test("the rule about rooms sees a room that knows another, one entered past its door, and a value where types are meant", () => {
  assert.match(
    String(faultsIn("postgres/a.ts", 'import type { X } from "../capsule/capsule.ts";')),
    /may not know/,
  );
  assert.match(
    String(faultsIn("operations/a.ts", 'import {\n  x,\n} from "../postgres/psql.ts";')),
    /past its door/,
  );
  assert.match(String(faultsIn("domain/a.ts", 'export { x } from "../platform/clock.ts";')), /may not know/);
  assert.match(String(faultsIn("cli/a.ts", 'import { load } from "../config/config.ts";')), /only the types/);
  assert.match(
    String(faultsIn("cli/a.ts", 'const x = await import("../catalog/catalog.ts");')),
    /may not know/,
  );
  assert.deepEqual(faultsIn("wiring.ts", 'import { x } from "./destinations/local/local.ts";'), []);
  assert.deepEqual(faultsIn("operations/run/a.ts", 'import type { X } from "../../capsule/capsule.ts";'), []);
});

test("rooms import only what lies below them, and enter each other through the door", () => {
  const faults = sources.flatMap((file) =>
    file.imports.flatMap((one) => {
      const fault = faultOfImport(file, one);
      return fault === null ? [] : [`${placeOf(file, one.line)} ${one.specifier}: ${fault}`];
    }),
  );
  assert.deepEqual(faults, []);
});

test("each room has its door, which opens with a sign of three to eight lines", () => {
  const rooms = new Set(sources.filter((file) => file.path.includes("/")).map((file) => file.room));
  const faults = [...rooms].flatMap((room) => {
    const door = doorOf(room);
    if (door === null) return [];
    const file = sources.find((one) => one.path === door);
    if (file === undefined) return [`src/${door} is missing`];
    const sign = /^\/\*\*\n((?: \*.*\n)*?) \*\/\n/.exec(file.text)?.[1];
    if (sign === undefined) return [`src/${door} does not begin with a sign`];
    const lines = sign.split("\n").filter((line) => line.replace(" *", "").trim() !== "").length;
    return lines >= 3 && lines <= 8 ? [] : [`the sign of src/${door} has ${lines} lines`];
  });
  assert.deepEqual(faults, []);
});

test("the domain waits for nothing and knows no part of Node", () => {
  const faults = sources
    .filter((file) => file.room === "domain")
    .flatMap((file) => [
      ...file.imports
        .filter((one) => one.specifier.startsWith("node:"))
        .map((one) => `${placeOf(file, one.line)} ${one.specifier}`),
      ...file.lines.flatMap((line, index) =>
        /\bawait\b/.test(line) ? [`${placeOf(file, index + 1)} await`] : [],
      ),
    ]);
  assert.deepEqual(faults, []);
});
