import assert from "node:assert/strict";
import { test } from "node:test";
import { type Instant, instant, parseInstant } from "../instant.ts";
import { decideAlerts } from "./alert-decision.ts";
import { digestMessage } from "./alert-digest.ts";
import type { AlertFacts, ConcernFact, JobFact } from "./alert-facts.ts";
import type { AlertSettings } from "./alert-settings.ts";
import type { AlertState } from "./alert-state.ts";

const start = parseInstant("2026-11-23T01:00:00Z") ?? instant(0);
const later = (hours: number): Instant => instant(start + hours * 3_600_000);
const settings: AlertSettings = {
  channels: [{ kind: "exec", name: "mail", argv: ["/bin/true"] }],
  rules: [],
  digest: { schedule: null, channels: null },
};

function job(given: Partial<JobFact> = {}): JobFact {
  return {
    job: "database",
    database: "codexdb",
    healthy: true,
    rule: "fresh",
    reason: "its newest good backup is 1 h old",
    isScheduled: true,
    noun: "backup",
    missedSlots: 0,
    silentSince: null,
    lastRun: { runId: "r0", outcome: "complete", startedAt: start, failure: null, summary: "complete" },
    lastGoodAt: start,
    newestProvenAt: null,
    lastProofOf: "codexdb_2026-11-22",
    concerns: [],
    sizeBytes: 1000,
    ...given,
  };
}

const ill = (rule: JobFact["rule"], reason: string) => job({ healthy: false, rule, reason });

function factsAt(now: Instant, jobs: readonly JobFact[], extent: AlertFacts["extent"] = "whole"): AlertFacts {
  return { now, host: "here", timezone: "UTC", extent, jobs, disk: [] };
}

function look(states: readonly AlertState[], facts: AlertFacts) {
  const decision = decideAlerts(states, facts, settings);
  return { states: decision.states, told: decision.dispatches.map(({ message }) => message) };
}

const suspect: ConcernFact = {
  kind: "suspect",
  message: "codexdb_2026-11-23 is suspect, and nothing is pruned: table public.orders is gone",
  nextStep: "codex-backup show database/codexdb_2026-11-23",
  since: start,
};
const slow: ConcernFact = {
  kind: "rto",
  message: "a restore takes about 25 min",
  nextStep: "x",
  since: null,
};

test("a suspect backup is told once of a job that is well, with what was seen, and when a later one is as usual", () => {
  const first = look([], factsAt(later(0), [job({ concerns: [suspect] })]));
  const [message] = first.told;
  assert.deepEqual([message?.event, message?.severity], ["suspect", "warning"]);
  assert.match(
    message?.subject ?? "",
    /^SUSPECT: database \(codexdb\): codexdb_2026-11-23 is suspect.*orders is gone/,
  );
  assert.equal(message?.lines.at(-1), "Next: codex-backup show database/codexdb_2026-11-23");
  const again = look(first.states, factsAt(later(5), [job({ concerns: [suspect] })]));
  assert.deepEqual(again.told, []);
  const healed = look(again.states, factsAt(later(24), [job()]));
  assert.deepEqual([healed.told.length, healed.told[0]?.event], [1, "recovered"]);
});

test("another table that is lost while an earlier one waits for a word is told, and numbers that change are not", () => {
  const withFindings = (...findings: readonly string[]) => job({ concerns: [{ ...suspect, findings }] });
  const legacy = "table public.legacy is gone";
  const rows = (count: number) =>
    `public.a_2026_1 has ${count} rows, usual are 4794; public.b has 0 rows, usual are 9`;
  const first = look([], factsAt(later(0), [withFindings(legacy)]));
  const same = look(first.states, factsAt(later(24), [withFindings(legacy)]));
  const second = look(same.states, factsAt(later(48), [withFindings(legacy, rows(2650))]));
  const less = look(second.states, factsAt(later(72), [withFindings(legacy, rows(2703))]));
  const other = rows(2).replace("a_2026_1", "a_2026_2");
  const third = look(less.states, factsAt(later(96), [withFindings(other)]));
  const healed = look(third.states, factsAt(later(120), [job()]));
  const told = [first, same, second, less, third, healed].map((one) => one.told.map(({ event }) => event));
  assert.deepEqual(told, [["suspect"], [], ["suspect"], [], ["suspect"], ["recovered"]]);
  assert.match(healed.told[0]?.subject ?? "", /it was suspect for 5 days/);
});

test("a concern lasts beside the job's own troubles, which come and go without it", () => {
  const first = look([], factsAt(later(0), [job({ concerns: [suspect] })]));
  const failed = { ...ill("age", "its newest good backup is 50 h old"), concerns: [suspect, slow] };
  const second = look(first.states, factsAt(later(1), [failed]));
  assert.deepEqual(
    second.told.map(({ event }) => event),
    ["stale", "rto"],
  );
  const third = look(second.states, factsAt(later(2), [job({ concerns: [suspect] })], "part"));
  assert.deepEqual(
    third.told.map(({ event, key }) => [event, key]),
    [
      ["recovered", "job/database/codexdb"],
      ["recovered", "job/database/codexdb#rto"],
    ],
  );
});

test("a restore that was close to its limit and now misses it is not told as recovered", () => {
  const first = look([], factsAt(later(0), [job({ concerns: [slow] })]));
  const missed = look(first.states, factsAt(later(1), [ill("rto", "its last measured restore took 31 min")]));
  assert.deepEqual(
    missed.told.map(({ event }) => event),
    ["rto"],
  );
  const failed = look(missed.states, factsAt(later(2), [ill("age", "its newest good backup is 50 h old")]));
  assert.deepEqual(
    failed.told.map(({ event }) => event),
    ["stale"],
  );
  const well = look(failed.states, factsAt(later(3), [job()]));
  assert.deepEqual(
    well.told.map(({ event, key }) => [event, key]),
    [
      ["recovered", "job/database/codexdb"],
      ["recovered", "job/database/codexdb#rto"],
    ],
  );
});

test("while the tool itself is dead, a concern is neither told again nor over", () => {
  const silent = { healthy: false, rule: "slot", missedSlots: 1, silentSince: later(24) } as const;
  const other = { job: "capsule", database: null };
  const first = look([], factsAt(later(0), [job({ concerns: [suspect] }), job(other)]));
  const dead = [job({ ...silent, concerns: [suspect] }), job({ ...other, ...silent })];
  const second = look(first.states, factsAt(later(30), dead));
  assert.deepEqual(
    second.told.map(({ event }) => event),
    ["dead"],
  );
});

test("a mismatch is critical and names the backup to look at; the run that found it is not told once more", () => {
  const failure = { code: "proof.mismatch", message: "Cannot vouch for it", hint: null } as const;
  const run = { runId: "r9", outcome: "failed", startedAt: start, failure, summary: "mismatch" } as const;
  const proof = job({
    job: "database:prove",
    database: null,
    healthy: false,
    rule: "last-run",
    noun: "run",
    lastRun: run,
  });
  const { told } = look([], factsAt(later(0), [ill("mismatch", "the proof does not agree"), proof]));
  assert.deepEqual(
    told.map(({ event, severity, nextStep }) => [event, severity, nextStep]),
    [["mismatch", "critical", "codex-backup show database/codexdb_2026-11-22"]],
  );
  const alone = look([], factsAt(later(0), [job(), proof]));
  assert.deepEqual(
    alone.told.map(({ event }) => event),
    ["damaged"],
  );
});

test("a proof that is due, and a restore that takes too long, are told with the command to type", () => {
  const stale = look(
    [],
    factsAt(later(0), [ill("proof", "a proof was due 3 h ago, and none was ever made")]),
  );
  assert.deepEqual(
    stale.told.map(({ event, nextStep }) => [event, nextStep]),
    [["unproven", "codex-backup prove --job database --latest"]],
  );
  const rto = look(
    [],
    factsAt(later(0), [ill("rto", "its last measured restore took 40 min, its rto is 30 min")]),
  );
  assert.deepEqual(
    rto.told.map(({ event, severity }) => [event, severity]),
    [["rto", "warning"]],
  );
});

test("the digest says what somebody should look at, also where all jobs are well", () => {
  const { subject, lines } = digestMessage(factsAt(later(0), [job({ concerns: [suspect] })]), []);
  assert.match(subject, /^NOT WELL: codexdb_2026-11-23 is suspect/);
  assert.match(lines[0] ?? "", /: well; .*never proven.*; codexdb_2026-11-23 is suspect/);
});

test("a look after a run, which asks no keys, does not call the drill done", () => {
  const key: ConcernFact = { kind: "key", message: "no proof used the key", nextStep: "x", since: null };
  const first = look([], factsAt(later(0), [job({ concerns: [key] })]));
  const after = look(first.states, factsAt(later(1), [job()], "part"));
  assert.deepEqual(after.told, []);
  const whole = look(after.states, factsAt(later(2), [job()]));
  assert.deepEqual(
    whole.told.map(({ event }) => event),
    ["recovered"],
  );
});
