import assert from "node:assert/strict";
import { test } from "node:test";
import { formatProofReceipt, type ProofReceipt, parseProofReceipt } from "./proof-receipt.ts";
import { summariseProof, withoutContent } from "./summarise-proof.ts";

const receipt: ProofReceipt = {
  format: "codex-backup-proof",
  version: 1,
  backup: "codexdb_2026-11-23",
  job: "database",
  database: "codexdb",
  destinationId: "id",
  manifestSha256: "ab",
  startedAt: "2026-11-23T01:00:00.000Z",
  finishedAt: "2026-11-23T01:00:04.100Z",
  outcome: "mismatch",
  server: "PostgreSQL 15.20",
  durationMs: 4100,
  restoreMs: 2000,
  contentBytes: 12,
  openedBy: "age1abc",
  compared: { tables: 2, rows: 1000 },
  tables: [
    {
      schema: "public",
      name: "canary",
      recorded: { rows: 2, sha256: "canary" },
      restored: { rows: 1, sha256: "canary" },
      match: false,
    },
  ],
  differences: ["rows of public.canary differ", "view public.canary is missing"],
  unproven: [{ object: "foreign table canary", reason: "canary" }],
  assertions: [{ sql: "select canary", outcome: "false", message: "canary" }],
  warnings: ["canary"],
  failure: { code: "proof.mismatch", message: "canary", hint: "canary" },
  tool: "0.0.0",
};

test("the receipt of an encrypted backup says nothing of what is in it, and is read back as what it is", () => {
  const text = formatProofReceipt(withoutContent(receipt));
  assert.doesNotMatch(text, /canary|1000/);
  const read = parseProofReceipt(text);
  assert.deepEqual(
    [read?.outcome, read?.failure?.code, read?.openedBy, read?.restoreMs],
    ["mismatch", "proof.mismatch", "age1abc", 2000],
  );
});

test("the sum says what was compared, or the first difference and how many there are", () => {
  assert.equal(summariseProof(receipt), "mismatch: rows of public.canary differ (and 1 more)");
  const proven = { ...receipt, outcome: "proven", differences: [], failure: null } as const;
  assert.equal(summariseProof(proven), "proven in 4.1 s: 2 tables, 1,000 rows; 1 thing unproven");
  const failed = { ...proven, outcome: "failed", failure: { message: "Cannot start" } } as const;
  assert.equal(summariseProof(failed), "Cannot start");
});

test("a receipt that does not say when it was made is none: it would count as older than every other", () => {
  const undated = { ...receipt, finishedAt: "yesterday" };
  assert.equal(parseProofReceipt(formatProofReceipt(undated)), null);
  assert.ok(parseProofReceipt(formatProofReceipt(receipt)));
});
