import assert from "node:assert/strict";
import { test } from "node:test";
import { applicationName, labelPrefix } from "./label.ts";

test("one label is never the beginning of another one's connections", () => {
  assert.ok(!applicationName("run-12", "dump").startsWith(labelPrefix("run-1")));
});

test("the server keeps an application_name whole and as it is, however long or odd the label", () => {
  const name = applicationName("Täglich 'x' ".repeat(20), "globals");
  assert.match(name, /^[\x21-\x7e]{1,63}$/);
  assert.ok(name.endsWith("/globals"));
});
