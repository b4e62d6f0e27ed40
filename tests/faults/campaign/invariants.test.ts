import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Manifest } from "../../../src/domain/backups/manifest.ts";
import { formatManifest } from "../../../src/domain/backups/manifest-text.ts";
import { temporaryDirectory } from "../../servers/cleanup.ts";
import { hashesOf, wrongAfterDeath } from "./invariants.ts";

const older = "replay_20261122T020000Z";
const newer = "replay_20261123T020000Z";
const other = "codexdb_20261121T020000Z";

function manifestOf(id: string, content: string): Manifest {
  const sha256 = createHash("sha256").update(content).digest("hex");
  const bytes = { sizeBytes: content.length, sha256 };
  return {
    ...{ format: "codex-backup-manifest", version: 1, id, runId: "run", job: "capsule", kind: "capsule" },
    ...{ database: null, host: "host", slot: null, finishedAt: "2026-11-23T02:00:09.000Z" },
    ...{ outcome: "complete", tool: { name: "codex-backup", version: "0.1.0" } },
    ...{ checked: { level: "hashed", copies: {} }, postgres: null, capsule: null, warnings: [], labels: {} },
    ...{ startedAt: "2026-11-23T02:00:00.000Z", previous: null, pruned: [], adopted: false },
    files: [{ path: `${id}.zip`, role: "capsule", compression: "none", ...bytes, content: bytes }],
  };
}

/** What is said to be wrong after so much of a machine with three backups at two places was lost. */
function wrongWithout(lost: readonly string[], mayGo = true): readonly string[] {
  const home = temporaryDirectory("invariants");
  for (const place of ["store", "second"]) {
    mkdirSync(join(home, place));
    for (const id of [older, newer, other]) {
      writeFileSync(join(home, place, `${id}.zip`), id);
      writeFileSync(join(home, place, `${id}.manifest.json`), formatManifest(manifestOf(id, id)));
    }
  }
  const before = hashesOf(home);
  for (const path of lost) rmSync(join(home, path));
  return wrongAfterDeath(home, before, { mayGo });
}

const both = (place: string, id: string) => [`${place}/${id}.manifest.json`, `${place}/${id}.zip`];

test("the newest backup of each kind at each place is missed, also after a command that may remove others", () => {
  assert.deepEqual(wrongWithout([]), []);
  assert.deepEqual(wrongWithout(both("store", older)), []);
  assert.deepEqual(wrongWithout(both("store", newer)).length, 2);
  assert.deepEqual(wrongWithout(both("second", other)).length, 2);
  assert.deepEqual(wrongWithout(both("store", older), false).length, 2);
});

test("a manifest whose file is gone is half a backup, whichever it is", () => {
  assert.match(wrongWithout([`store/${older}.zip`]).join(), /is not what its manifest says/);
  assert.deepEqual(wrongWithout([`store/${older}.manifest.json`]), []);
});
