import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Instant, instant, parseInstant } from "../instant.ts";
import { type AlertDecision, decideAlerts } from "./alert-decision.ts";
import type { AlertFacts, JobFact } from "./alert-facts.ts";
import type { AlertSettings } from "./alert-settings.ts";
import type { AlertState } from "./alert-state.ts";

const hourMs = 3_600_000;
const start = parseInstant("2026-11-23T01:00:00Z") ?? instant(0);

const exec = (name: string) => ({ kind: "exec", name, argv: ["/bin/true"] }) as const;

const settings: AlertSettings = {
  channels: [exec("mail"), exec("pager")],
  rules: [],
  digest: { schedule: null, channels: null },
};

function well(job: string, at: Instant): JobFact {
  return {
    job,
    database: null,
    healthy: true,
    rule: "fresh",
    reason: "its newest good backup is 1 h old",
    isScheduled: true,
    noun: "backup",
    missedSlots: 0,
    silentSince: null,
    lastRun: { runId: "r0", outcome: "complete", startedAt: at, failure: null, summary: "complete" },
    lastGoodAt: at,
    newestProvenAt: null,
    lastProofOf: null,
    concerns: [],
    sizeBytes: 1000,
  };
}

function failed(job: string, at: Instant, lastGoodAt: Instant | null = instant(at - 24 * hourMs)): JobFact {
  const failure = {
    code: "postgres.unreachable",
    message: `Cannot reach the server of "${job}": connection refused`,
    hint: "Start it.",
  } as const;
  return {
    ...well(job, at),
    healthy: false,
    rule: "last-run",
    lastRun: { runId: "r1", outcome: "failed", startedAt: at, failure, summary: "failed" },
    lastGoodAt,
  };
}

function stale(job: string, at: Instant): JobFact {
  return { ...failed(job, at), rule: "age", reason: "its newest good backup is 50 h old, allowed are 26 h" };
}

function silent(job: string, since: Instant): JobFact {
  const missed = { rule: "slot", missedSlots: 1, silentSince: since, healthy: false } as const;
  return { ...well(job, instant(since - 24 * hourMs)), ...missed, reason: "the slot of 3 h ago was missed" };
}

function factsOf(now: Instant, jobs: readonly JobFact[], extent: AlertFacts["extent"] = "whole"): AlertFacts {
  return { now, host: "db1", timezone: "Europe/Berlin", extent, jobs, disk: [] };
}

/** One look after the other, each remembering the one before. */
function play(looks: readonly AlertFacts[], by: AlertSettings = settings): readonly AlertDecision[] {
  let states: readonly AlertState[] = [];
  return looks.map((facts) => {
    const decision = decideAlerts(states, facts, by);
    states = decision.states;
    return decision;
  });
}

const eventsOf = (decisions: readonly AlertDecision[]) =>
  decisions.map(({ dispatches }) => dispatches.map(({ message }) => message.event));

const after = (hours: number) => instant(start + hours * hourMs);

test("F128 a subject tells the failure first: job, database, what, since when, age of the last good one; the last line is the command to type", () => {
  const job = { ...failed("database", start, after(-30)), database: "codexdb" };
  const [told] = play([factsOf(start, [job])]);
  const message = told?.dispatches[0]?.message;
  assert.equal(
    message?.subject,
    'FAILED: database (codexdb): Cannot reach the server of "database": connection refused; since 2026-11-23 02:00 +01:00; last good 30 h old',
  );
  assert.deepEqual(message?.lines, [
    'database (codexdb) on db1: Cannot reach the server of "database": connection refused.',
    "Since 2026-11-23 02:00 +01:00.",
    "The newest good backup is 30 h old.",
    "Start it.",
    "Next: codex-backup logs r1",
  ]);
  assert.deepEqual(
    [message?.key, message?.severity, message?.nextStep],
    ["job/database/codexdb", "critical", "codex-backup logs r1"],
  );
});

test("F128 however long the reason, the subject keeps its beginning and its end", () => {
  const job = failed("database", start);
  const lastRun = {
    ...(job.lastRun ?? assert.fail()),
    failure: { code: "run.internal", message: `Cannot ${"x".repeat(900)}`, hint: null },
  } as const;
  const subject = play([factsOf(start, [{ ...job, lastRun }])])[0]?.dispatches[0]?.message.subject ?? "";
  assert.ok(subject.length <= 220, String(subject.length));
  assert.match(subject, /^FAILED: database: Cannot x+…; since .*; last good 24 h old$/);
});

test("failed, then stale, then recovered: each is told once, and the end says how long it lasted", () => {
  const looks = [
    factsOf(after(0), [well("database", start)]),
    factsOf(after(1), [failed("database", after(1))]),
    factsOf(after(2), [failed("database", after(1))]),
    factsOf(after(30), [stale("database", after(25))]),
    factsOf(after(31), [stale("database", after(25))]),
    factsOf(after(49), [well("database", after(49))]),
    factsOf(after(50), [well("database", after(49))]),
  ];
  const told = play(looks);
  assert.deepEqual(eventsOf(told), [[], ["failed"], [], ["stale"], [], ["recovered"], []]);
  const recovered = told[5]?.dispatches[0]?.message;
  assert.equal(recovered?.subject, "Recovered: database: it was failed, then stale for 48 h");
  assert.equal(recovered?.severity, "resolved");
});

test("on the first look each job that is not well is told, and none that is", () => {
  const jobs = [failed("a", start), well("b", start), stale("c", start)];
  assert.deepEqual(eventsOf(play([factsOf(start, jobs)])), [["failed", "stale"]]);
});

test("F123 successes are never told: a year of good nights sends nothing", () => {
  const nights = Array.from({ length: 365 }, (_, night) =>
    factsOf(after(24 * night), [well("database", after(24 * night))]),
  );
  assert.deepEqual(eventsOf(play(nights)).flat(), []);
});

test("a job that fails every night is told once, and again only when it turns stale", () => {
  const nights = Array.from({ length: 365 }, (_, night) =>
    factsOf(after(24 * night), [
      night < 2 ? failed("database", after(24 * night)) : stale("database", after(24 * night)),
    ]),
  );
  assert.deepEqual(eventsOf(play(nights)).flat(), ["failed", "stale"]);
});

test("a job that comes and goes is told three times; then silence until it has held for six hours", () => {
  const looks = Array.from({ length: 48 }, (_, half) => {
    const at = instant(start + (half * hourMs) / 2);
    return factsOf(at, [half % 2 === 0 && half < 30 ? failed("hourly", at) : well("hourly", at)]);
  });
  const told = eventsOf(play(looks));
  assert.deepEqual(told.flat(), ["failed", "recovered", "failed", "recovered", "failed", "recovered"]);
  assert.equal(
    told.findLastIndex((events) => events.length > 0),
    29 + 12,
    "six hours after it last failed",
  );
});

test("F124 when none of the planned jobs has started, one message says that the tool is dead, and one that it lives again", () => {
  const jobs = ["a", "b", "c"].map((job) => silent(job, start));
  const told = play([
    factsOf(after(3), jobs),
    factsOf(after(4), jobs),
    factsOf(
      after(24),
      ["a", "b", "c"].map((job) => well(job, after(24))),
    ),
  ]);
  assert.deepEqual(eventsOf(told), [["dead"], [], ["recovered"]]);
  const message = told[0]?.dispatches[0]?.message;
  assert.match(
    message?.subject ?? "",
    /^NOT RUNNING: codex-backup on db1: none of the 3 planned jobs has started/,
  );
  assert.equal(message?.lines.at(-1), "Next: codex-backup doctor --as-cron");
});

test("a job that had failed has not recovered because nothing runs any more", () => {
  const told = play([
    factsOf(after(0), [failed("a", start), well("b", start)]),
    factsOf(after(27), [silent("a", after(24)), silent("b", after(24))]),
    factsOf(after(48), [failed("a", after(48)), well("b", after(48))]),
    factsOf(after(72), [well("a", after(72)), well("b", after(72))]),
  ]);
  assert.deepEqual(eventsOf(told), [["failed"], ["dead"], ["recovered"], ["recovered"]]);
  assert.equal(told[2]?.dispatches[0]?.message.key, "tool");
});

test("when only some jobs were not started, each of them is told", () => {
  const jobs = [silent("a", start), well("b", after(3))];
  assert.deepEqual(eventsOf(play([factsOf(after(3), jobs)])), [["missed"]]);
});

test("a slot that passes after a failure is no second message; the one after that makes it stale", () => {
  const slot = { rule: "slot", missedSlots: 1 } as const;
  const told = play([
    factsOf(after(0), [failed("database", after(0))]),
    factsOf(after(3), [{ ...failed("database", after(0)), ...slot }]),
    factsOf(after(27), [{ ...failed("database", after(24)), ...slot, missedSlots: 2 }]),
  ]);
  assert.deepEqual(eventsOf(told), [["failed"], [], ["stale"]]);
});

test("what lasts is told once to those of the rule, and they hear of its end", () => {
  const rule = {
    jobs: null,
    events: null,
    channels: ["mail"],
    escalateAfterMs: 6 * hourMs,
    escalateTo: ["pager"],
  };
  const by = { ...settings, rules: [rule] };
  const looks = [0, 5, 6, 7, 30].map((hours) => factsOf(after(hours), [failed("database", start)]));
  const told = play([...looks, factsOf(after(31), [well("database", after(31))])], by);
  const heard = told.map(({ dispatches }) =>
    dispatches.map(({ message, channels }) => [message.event, ...channels]),
  );
  assert.deepEqual(heard, [
    [["failed", "mail"]],
    [],
    [["failed", "pager"]],
    [],
    [],
    [["recovered", "mail", "pager"]],
  ]);
  assert.match(told[2]?.dispatches[0]?.message.subject ?? "", /^STILL FAILED after 6 h: database: /);
});

test("rules choose by job and event; what fits none is told nobody, and nobody hears of its end", () => {
  const rule = { escalateAfterMs: null, escalateTo: [] };
  const by = { ...settings, rules: [{ ...rule, jobs: ["a"], events: null, channels: ["pager"] }] };
  const told = play(
    [
      factsOf(after(0), [failed("a", start), failed("b", start)]),
      factsOf(after(1), [well("a", after(1)), well("b", after(1))]),
    ],
    by,
  );
  const heard = told.map(({ dispatches }) =>
    dispatches.map(({ message, channels }) => [message.job, ...channels]),
  );
  assert.deepEqual(heard, [
    [["a", "pager"], ["b"]],
    [["a", "pager"], ["b"]],
  ]);
});

test("a job that was renamed or taken out is closed, never called recovered, and its new name is told by itself", () => {
  const told = play([factsOf(after(0), [failed("old", start)]), factsOf(after(1), [failed("new", start)])]);
  const subjects = told[1]?.dispatches.map(({ message }) => message.subject) ?? [];
  assert.match(
    subjects.join("\n"),
    /^FAILED: new: .*\nClosed: old is no longer in the config; it was failed for 60 min$/,
  );
  assert.deepEqual(
    told[1]?.states.map(({ key }) => key),
    ["job/new"],
  );
});

test("a look at some jobs closes nothing of the others", () => {
  const told = play([
    factsOf(after(0), [failed("a", start), failed("b", start)]),
    factsOf(after(1), [well("a", after(1))], "part"),
  ]);
  assert.deepEqual(eventsOf(told)[1], ["recovered"]);
  assert.deepEqual(
    told[1]?.states.filter(({ incident }) => incident !== null).map(({ key }) => key),
    ["job/b"],
  );
});

test("a full disk is told once of the destination, and not of each job that writes there", () => {
  const disk = {
    destination: "backups",
    location: "/backups",
    forecast: null,
    freeBytes: null,
    totalBytes: null,
  };
  const failure = {
    code: "destination.missing",
    message: 'Cannot use "/backups": it is gone',
    hint: "Mount it.",
  } as const;
  const job = { ...well("a", start), healthy: false, rule: "destination" } as const;
  const facts = { ...factsOf(start, [job, { ...job, job: "b" }]), disk: [{ ...disk, failure }] };
  assert.deepEqual(eventsOf(play([facts])), [["disk"]]);
});

// ── properties ──────────────────────────────────────────────────────────────────────────────────────

interface Look {
  readonly gapMs: number;
  readonly kinds: readonly ("well" | "failed" | "stale" | "silent")[];
}

const makers = { well, failed, stale, silent };

const look: fc.Arbitrary<Look> = fc.record({
  // also backwards, and leaps of a year
  gapMs: fc.oneof(
    fc.integer({ min: 0, max: 30 * hourMs }),
    fc.integer({ min: -48 * hourMs, max: 0 }),
    fc.constantFrom(365 * 24 * hourMs, -365 * 24 * hourMs),
  ),
  kinds: fc.tuple(...Array.from({ length: 3 }, () => fc.constantFrom("well", "failed", "stale", "silent"))),
});

function factsAlong(looks: readonly Look[]): readonly AlertFacts[] {
  let now = start;
  return looks.map(({ gapMs, kinds }) => {
    now = instant(now + gapMs);
    return factsOf(
      now,
      kinds.map((kind, index) => makers[kind](`job${index}`, now)),
    );
  });
}

test("property: the same facts once more tell nothing, however the clock has jumped before", () => {
  fc.assert(
    fc.property(fc.array(look, { maxLength: 30 }), (looks) => {
      const all = factsAlong(looks);
      const twice = play(all.flatMap((facts) => [facts, facts]));
      const repeated = twice.filter((_, index) => index % 2 === 1);
      assert.deepEqual(eventsOf(repeated).flat(), []);
    }),
  );
});

test("property: whatever is wrong is told in that look or has been told in this incident, whatever the clock does", () => {
  fc.assert(
    fc.property(fc.array(look, { minLength: 1, maxLength: 30 }), (looks) => {
      const open = new Map<string, Set<string>>();
      const all = factsAlong(looks);
      play(all).forEach(({ dispatches, states }, index) => {
        for (const { message } of dispatches) {
          if (message.event === "recovered") {
            assert.ok(open.has(message.key), "recovered only after a problem was told");
            const job = all[index]?.jobs.find((one) => one.job === message.job);
            assert.ok(job?.healthy ?? true, "recovered only when it is well");
            open.delete(message.key);
          } else {
            const told = open.get(message.key) ?? new Set();
            assert.ok(!told.has(message.event), `${message.event} was told twice`);
            open.set(message.key, told.add(message.event));
          }
        }
        const isDead = open.has("tool");
        for (const job of all[index]?.jobs ?? []) {
          if (!job.healthy) assert.ok(isDead || open.has(`job/${job.job}`), `${job.job} is not told`);
        }
        assert.deepEqual(
          states
            .filter(({ incident }) => incident !== null)
            .map(({ key }) => key)
            .sort(),
          [...open.keys()].sort(),
        );
      });
    }),
  );
});

test("property: a clock that leaps tells at most one message for each job and look, and time never stands still after it", () => {
  fc.assert(
    fc.property(fc.array(look, { minLength: 1, maxLength: 20 }), (looks) => {
      const decisions = play(factsAlong(looks));
      for (const { dispatches } of decisions) {
        const keys = dispatches.map(({ message }) => message.key);
        assert.equal(new Set(keys).size, keys.length);
      }
      // All well from now on: within a day and a half everything is closed.
      let states = decisions.at(-1)?.states ?? [];
      const last = factsAlong(looks).at(-1)?.now ?? start;
      for (let hours = 1; hours <= 36; hours += 1) {
        const now = instant(last + hours * hourMs);
        states = decideAlerts(
          states,
          factsOf(
            now,
            [0, 1, 2].map((index) => well(`job${index}`, now)),
          ),
          settings,
        ).states;
      }
      assert.deepEqual(
        states.filter(({ incident }) => incident !== null),
        [],
      );
    }),
  );
});
