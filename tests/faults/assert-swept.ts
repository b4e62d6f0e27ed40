import assert from "node:assert/strict";
import type { Sweep } from "./sweep.ts";

/** A sweep in which nothing broke proves nothing: every call by name, and every way in which one can break, was tried. */
export function assertSwept({ steps, names, kinds, isSampled }: Sweep): void {
  assert.ok(names.size > 0, "there was something to break");
  if (!isSampled) assert.deepEqual(new Set(steps.map(({ call }) => call)), names);
  assert.deepEqual(new Set(steps.map(({ kind }) => kind)), kinds);
  assert.ok(
    steps.some(({ end }) => end === "told"),
    "what broke was told",
  );
}
