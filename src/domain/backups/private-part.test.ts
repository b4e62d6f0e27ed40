import assert from "node:assert/strict";
import { test } from "node:test";
import type { Manifest } from "./manifest.ts";
import {
  formatPrivatePart,
  type PrivatePart,
  parsePrivatePart,
  publicWarnings,
  withPrivatePart,
} from "./private-part.ts";

const sha256 = (letter: string) => letter.repeat(64);
const file = {
  role: "capsule",
  sizeBytes: 300,
  sha256: sha256("a"),
  compression: "none",
  encryption: "age",
} as const;
const manifest: Manifest = {
  format: "codex-backup-manifest",
  version: 1,
  id: "replay_1",
  runId: "20261123T010000Z-ab12cd",
  job: "capsule",
  kind: "capsule",
  database: null,
  host: "host",
  slot: null,
  startedAt: "2026-11-23T01:00:00.000Z",
  finishedAt: "2026-11-23T01:00:04.000Z",
  outcome: "complete",
  tool: { name: "codex-backup", version: "0.1.0" },
  files: [
    { ...file, path: "replay_1.zip.age", content: null },
    { ...file, path: "replay_1.private.json.age", role: "private", content: null },
  ],
  checked: { level: "hashed", copies: {} },
  encryption: { recipients: ["age1safe"] },
  postgres: null,
  capsule: null,
  warnings: ["2 warnings stand in its encrypted private part"],
  labels: {},
  previous: null,
  pruned: [],
  adopted: false,
};
const part: PrivatePart = {
  format: "codex-backup-private",
  version: 1,
  backup: "replay_1",
  runId: "20261123T010000Z-ab12cd",
  files: [{ path: "replay_1.zip.age", content: { sizeBytes: 100, sha256: sha256("b") } }],
  postgres: null,
  capsule: { root: "/srv", entries: [], leftOut: [] },
  warnings: ['left out: "secret.txt" (unreadable)', "another"],
};

test("a private part is read back as it was written, and fills the manifest in", () => {
  assert.deepEqual(parsePrivatePart(formatPrivatePart(part)), part);
  const whole = withPrivatePart(manifest, part);
  assert.deepEqual([whole.capsule, whole.warnings], [part.capsule, part.warnings]);
  assert.deepEqual(
    whole.files.map(({ content }) => content?.sizeBytes ?? null),
    [100, null],
  );
});

test("the part of another backup, of another run, or without a file is refused", () => {
  for (const changed of [{ backup: "replay_2" }, { runId: "20261124T010000Z-ab12cd" }, { files: [] }]) {
    assert.throws(() => withPrivatePart(manifest, { ...part, ...changed }), { code: "backup.mismatch" });
  }
});

test("what is no private part is none", () => {
  for (const text of ["", "{}", "[]", formatPrivatePart(part).replace('"version": 1', '"version": 2')]) {
    assert.equal(parsePrivatePart(text), null);
  }
});

test("in the open, warnings are only counted", () => {
  assert.deepEqual(publicWarnings([]), []);
  const said = publicWarnings(part.warnings).join();
  assert.match(said, /^2 warnings stand in .*show --identity/);
  assert.ok(!said.includes("secret"));
});
