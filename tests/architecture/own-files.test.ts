import assert from "node:assert/strict";
import { test } from "node:test";
import { loadSources } from "./source-tree.ts";

/** Who may ask where it lies, and why: what is found from there is not there in a bundle. */
const allowed: readonly (readonly [path: string, why: string])[] = [
  ["platform/own-files.ts", "knows the three forms of the program"],
  ["platform/own-packages.ts", "looks for an npm package beside it, and does without one"],
];

const askers = loadSources().filter((file) => /\bimport\.meta\b|\b__dirname\b/.test(file.text));

test("only one file knows where the program's own files lie, so that the built forms find them too", () => {
  assert.deepEqual(askers.map((file) => file.path).sort(), allowed.map(([path]) => path).sort());
});

test("threads are started by their names only, which the build goes by", () => {
  const starters = loadSources().filter((file) => /\bnew Worker\(/.test(file.text));
  assert.deepEqual(
    starters.map((file) => file.path),
    ["platform/own-files.ts"],
  );
});
