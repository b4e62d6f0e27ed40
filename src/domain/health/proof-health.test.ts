import assert from "node:assert/strict";
import { test } from "node:test";
import { type Instant, instant } from "../instant.ts";
import { parseCron, previousSlot } from "../slots/schedule.ts";
import type { Health } from "./health.ts";
import { healthWithProofs, type ProofFacts } from "./proof-health.ts";

const at = (text: string): Instant => instant(Date.parse(`${text}Z`));
const fresh: Health = { healthy: true, rule: "fresh", reason: "its newest good backup is 6 h old" };
const weekly = parseCron("0 5 * * 0", "UTC"); // 2026-11-22 is a Sunday
const now = at("2026-11-23T09:00");

function facts(given: Partial<ProofFacts> = {}): ProofFacts {
  return {
    now,
    slotBefore: (moment) => previousSlot(weekly, moment),
    afterEach: false,
    knownSince: at("2026-10-01T00:00"),
    newestGoodAt: at("2026-11-23T02:00"),
    goodBefore: (moment) => (moment >= at("2026-11-01T02:00") ? at("2026-11-01T02:00") : null),
    lastProvenAt: at("2026-11-22T05:10"),
    provenBackupAt: at("2026-11-22T02:00"),
    lastVerdict: null,
    nothing: null,
    graceMs: null,
    usualProofMs: null,
    rto: null,
    ...given,
  };
}

const ruleOf = (given: Partial<ProofFacts>) => healthWithProofs(fresh, facts(given)).rule;

test("a job whose weekly proof was made is as well as its backups are", () => {
  assert.deepEqual(healthWithProofs(fresh, facts()), fresh);
  const stale: Health = { healthy: false, rule: "age", reason: "old" };
  assert.deepEqual(healthWithProofs(stale, facts({ lastProvenAt: null })), stale);
});

test("a destination that cannot be used hides no mismatch, which would seem to be over", () => {
  const unusable: Health = { healthy: false, rule: "destination", reason: 'cannot use "offsite"' };
  const provedAt = at("2026-11-22T05:10");
  const lastVerdict = { outcome: "mismatch", at: provedAt, backupId: "b", summary: "2 rows differ" } as const;
  assert.equal(healthWithProofs(unusable, facts({ lastVerdict })).rule, "mismatch");
  assert.deepEqual(healthWithProofs(unusable, facts()), unusable);
});

test("a proof that was due and not made is told once its grace time is over", () => {
  const lastProvenAt = at("2026-11-15T05:10");
  assert.deepEqual(healthWithProofs(fresh, facts({ lastProvenAt })), {
    healthy: false,
    rule: "proof",
    reason: "a proof was due 28 h ago, and the last one that succeeded is 8 days old",
  });
  const during = { lastProvenAt, now: at("2026-11-22T06:59") };
  assert.equal(ruleOf(during), "fresh");
  assert.equal(ruleOf({ ...during, now: at("2026-11-22T07:01") }), "proof");
  const slow = { ...during, now: at("2026-11-22T07:01"), usualProofMs: 2 * 3_600_000 };
  assert.equal(ruleOf(slow), "fresh", "proofs of two hours may take six");
  assert.equal(ruleOf({ lastProvenAt: null }), "proof");
});

test("nothing was due before proofs were configured, or before there was something to prove", () => {
  const lastProvenAt = null;
  assert.equal(ruleOf({ lastProvenAt, knownSince: at("2026-11-22T12:00") }), "fresh");
  assert.equal(ruleOf({ lastProvenAt, newestGoodAt: null }), "fresh");
  assert.equal(ruleOf({ lastProvenAt, goodBefore: () => null }), "fresh");
});

test("with after: each, a backup that stays unproven is told, however many were proven before", () => {
  const each = { slotBefore: null, afterEach: true, goodBefore: () => at("2026-11-23T02:00") };
  assert.equal(ruleOf({ ...each, provenBackupAt: at("2026-11-23T02:00") }), "fresh");
  const seen = healthWithProofs(fresh, facts(each));
  assert.equal(
    seen.reason,
    "its backup of 7 h ago is not proven yet, and the last one that succeeded is 28 h old",
  );
  assert.equal(
    ruleOf({ ...each, goodBefore: () => at("2026-11-22T02:00") }),
    "fresh",
    "the newest has its time",
  );
});

test("a mismatch is told until a later proof finds everything equal", () => {
  const found = {
    at: at("2026-11-23T04:00"),
    backupId: "codexdb_2026-11-23",
    summary: "1 of 9 tables differs",
  };
  const seen = healthWithProofs(fresh, facts({ lastVerdict: { ...found, outcome: "mismatch" } }));
  assert.deepEqual(seen, {
    healthy: false,
    rule: "mismatch",
    reason: "the proof of codexdb_2026-11-23, 5 h ago, does not agree with it: 1 of 9 tables differs",
  });
  assert.equal(ruleOf({ lastVerdict: { ...found, outcome: "proven" } }), "fresh");
});

test("a missed rto makes a job unhealthy, one that is near does not", () => {
  assert.equal(ruleOf({ rto: { kind: "missed", message: "too long" } }), "rto");
  assert.equal(ruleOf({ rto: { kind: "near", message: "soon" } }), "fresh");
});

test("a proof that found an empty database answers its slot and its backup, and is called neither ill nor proven", () => {
  const overdue = { lastProvenAt: at("2026-11-01T05:10"), provenBackupAt: null };
  assert.equal(ruleOf(overdue), "proof");
  const nothing = { at: at("2026-11-22T05:10"), backupAt: at("2026-11-22T02:00") };
  assert.deepEqual(healthWithProofs(fresh, facts({ ...overdue, nothing })), {
    ...fresh,
    reason: "its newest good backup is 6 h old; nothing to prove: it is empty",
  });
  assert.equal(ruleOf({ ...overdue, nothing: { ...nothing, at: at("2026-11-21T05:10") } }), "proof");
  const each = { slotBefore: null, afterEach: true, provenBackupAt: null };
  assert.equal(ruleOf({ ...each, nothing }), "fresh");
  assert.equal(ruleOf({ ...each, nothing: { ...nothing, backupAt: null } }), "proof");
});
