import assert from "node:assert/strict";
import { test } from "node:test";
import { editDistance, nearest } from "../domain/nearest.ts";
import { createSystemClock } from "../platform/clock.ts";
import { createConfigLoader } from "./load.ts";

/** Every group and key of the schema that has no meaning written for it, except plain lists of keywords. */
function undescribed(schema: unknown, path: string): readonly string[] {
  if (typeof schema !== "object" || schema === null) return [];
  const found: string[] = [];
  for (const [key, inner] of Object.entries(schema)) {
    if (key === "properties") {
      for (const [name, property] of Object.entries(inner as object)) {
        // proven: JSON Schema's properties is an object
        const isDescribed = "description" in Object(property);
        if (!isDescribed && !path.endsWith(".parameters")) found.push(`${path}.${name}`);
        found.push(...undescribed(property, `${path}.${name}`));
      }
    } else found.push(...undescribed(inner, path));
  }
  return found;
}

test("the published schema describes every key and lets no unknown one pass", () => {
  const schema = createConfigLoader({ env: {}, cwd: "/", clock: createSystemClock() }).schema();
  assert.equal(schema.title, "codex-backup configuration");
  assert.equal(schema.additionalProperties, false);
  assert.deepEqual(undescribed(schema, ""), []);
  assert.match(JSON.stringify(schema), /"default":"6h"/);
});

test("the nearest word forgives a slip of the finger and nothing more", () => {
  assert.equal(nearest("shedule", ["schedule", "state"]), "schedule");
  assert.equal(nearest("Databse", ["database"]), "database");
  assert.equal(nearest("sate", ["state", "set"]), "state");
  assert.equal(nearest("retention", ["keep", "to"]), null);
  assert.equal(editDistance("abcd", "abdc"), 1);
  assert.equal(editDistance("", "abc"), 3);
  assert.equal(editDistance("kitten", "sitting"), 3);
});
