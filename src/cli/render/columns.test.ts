import assert from "node:assert/strict";
import { test } from "node:test";
import { renderColumns } from "./columns.ts";

test("columns line up by what is seen: colours take no room, wide characters take two", () => {
  const text = renderColumns([
    ["\u001b[31mab\u001b[39m", "x", ""],
    ["漢字", "y"],
    ["abcde", "zz"],
  ]);
  assert.deepEqual(text.split("\n"), ["\u001b[31mab\u001b[39m     x", "漢字   y", "abcde  zz"]);
});

test("no rows are no text", () => {
  assert.equal(renderColumns([]), "");
});
