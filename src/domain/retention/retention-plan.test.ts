import assert from "node:assert/strict";
import { test } from "node:test";
import { type Instant, instant } from "../instant.ts";
import type { KeepPolicy } from "../jobs/job.ts";
import {
  type JobRetention,
  type PlannedCopy,
  planCopies,
  planDatabase,
  withoutMost,
} from "./retention-plan.ts";

const dayMs = 86_400_000;
const now = instant(Date.parse("2026-11-23T02:00:00Z"));
const nightsAgo = (nights: number): Instant => instant(now - nights * dayMs);
const keepLast = (last: number, sizeBytes: number | null = null): KeepPolicy => {
  const none = { days: null, hourly: null, daily: null, weekly: null, monthly: null, yearly: null };
  return { ...none, last, sizeBytes, minimum: 1 };
};

function retention(changes: Partial<JobRetention> = {}): JobRetention {
  return {
    now,
    zone: "UTC",
    schedule: null,
    policyAt: () => keepLast(1),
    runsOf: () => [{ startedAt: now, finishedAt: now, isComplete: true, isDead: false }],
    newestIsSuspect: () => false,
    ...changes,
  };
}

function copy(nights: number, database: string, changes: Partial<PlannedCopy> = {}): PlannedCopy {
  const marks = { isHeld: false, isProven: false, isSuspect: false } as const;
  const good = { outcome: "complete", isWhole: true, level: "read", ...marks } as const;
  const createdAt = nightsAgo(nights);
  return {
    id: `${database}_${nights}`,
    createdAt,
    database,
    destination: "here",
    sizeBytes: 10,
    ...good,
    ...changes,
  };
}

const removed = (plans: ReturnType<typeof planCopies<PlannedCopy>>) =>
  plans.flat().flatMap(({ verdict, backup }) => (verdict === "remove" ? [backup.id] : []));

test("F95: databases of one job, and of one server, are judged each by itself", () => {
  const copies = [copy(0, "a"), copy(1, "a"), copy(9, "b"), copy(8, "b")];
  assert.deepEqual(removed(planCopies(copies, retention())), ["a_1", "b_9"]);
});

test("one database's run takes nothing from the others, also where they share a size", () => {
  const copies = [0, 1, 2, 3].flatMap((nights) => [copy(nights, "a"), copy(nights, "b")]);
  const sharing = retention({ policyAt: () => keepLast(9, 40) });
  assert.deepEqual(removed(planDatabase(copies, "a", sharing)), ["a_2", "a_3"]);
  const alone = copies.filter(({ database }) => database === "a");
  assert.deepEqual(removed(planDatabase(alone, "a", sharing)), []);
});

test("each destination has its own rules and its own limit", () => {
  const copies = [0, 1, 2].flatMap((nights) => [
    copy(nights, "a"),
    copy(nights, "a", { destination: "far" }),
  ]);
  const policyAt = (destination: string) => keepLast(destination === "far" ? 3 : 2, 30);
  assert.deepEqual(removed(planCopies(copies, retention({ policyAt }))), ["a_2"]);
});

test("a run that died does not vouch for the clock with the moment at which it was found", () => {
  const died = { startedAt: nightsAgo(40), finishedAt: now, isComplete: false, isDead: true };
  const copies = [copy(42, "a"), copy(41, "a")];
  assert.deepEqual(removed(planCopies(copies, retention({ runsOf: () => [died] }))), []);
  const failed = { ...died, isDead: false };
  assert.deepEqual(removed(planCopies(copies, retention({ runsOf: () => [failed] }))), ["a_42"]);
});

test("the run that is at it now vouches for nothing but its own backup", () => {
  const current = { startedAt: now, finishedAt: null, isComplete: true, isDead: false };
  const before = { startedAt: nightsAgo(400), finishedAt: nightsAgo(400), isComplete: true, isDead: false };
  const copies = [copy(0, "a"), copy(400, "a"), copy(401, "a")];
  assert.deepEqual(removed(planCopies(copies, retention({ runsOf: () => [current, before] }))), []);
});

test("only the plans that would remove more than half wait for a person", () => {
  const copies = [
    ...[0, 1, 2, 3, 4].map((nights) => copy(nights, "a")),
    ...[0, 1].map((nights) => copy(nights, "a", { destination: "far" })),
  ];
  const { verdicts, refused } = withoutMost(planCopies(copies, retention()));
  assert.deepEqual(removed([verdicts]), ["a_1"]);
  assert.deepEqual(new Set(refused.flat().map(({ backup }) => backup.destination)), new Set(["here"]));
});
