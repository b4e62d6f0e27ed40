import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { createHandClock } from "../../tests/fakes/hand-clock.ts";
import { temporaryDirectory } from "../../tests/servers/cleanup.ts";
import { sortUnits } from "./remove-units.ts";
import { unitDirectory } from "./unit-places.ts";

const placesAt = (root: string) => ({ root, hostTimezone: "UTC", clock: createHandClock(), childEnv: {} });

test("where nothing was ever installed there is nothing to remove", async () => {
  const places = placesAt(temporaryDirectory("units"));
  assert.deepEqual(await sortUnits(places, "/etc/codex-backup.yaml"), { own: [], left: [] });
});

test("units that cannot be listed are not taken for none", async () => {
  const places = placesAt(temporaryDirectory("units"));
  const path = join(places.root, unitDirectory);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, "no directory");
  await assert.rejects(sortUnits(places, "/etc/codex-backup.yaml"), { code: "scheduler.unit" });
});
