import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { instant } from "../instant.ts";
import type { BackupProfile, PastProfile, ProfilePart } from "./anomaly.ts";
import { judge } from "./judge.ts";

const dayMs = 86_400_000;
const begin = Date.parse("2026-01-01T02:00:00Z");

function table(name: string, count: number): ProfilePart {
  return { name, count, bytes: count * 100 };
}

function profile(given: Partial<BackupProfile> = {}): BackupProfile {
  return { durationMs: 600_000, contentBytes: 50_000_000, parts: [table("public.t", 500_000)], ...given };
}

function nightly(profiles: readonly BackupProfile[]): readonly PastProfile[] {
  return profiles.map((one, night) => ({
    createdAt: instant(begin + night * dayMs),
    profile: one,
    isAccepted: false,
  }));
}

function alike(count: number, given: Partial<BackupProfile> = {}): readonly PastProfile[] {
  return nightly(Array.from({ length: count }, () => profile(given)));
}

const kindsOf = (
  found: BackupProfile,
  history: readonly PastProfile[],
  kind: "postgres" | "capsule" = "postgres",
) => judge(kind, found, history).map((anomaly) => anomaly.kind);

test("a dump that shrank by 60 % is told with what it has and what is usual", () => {
  const [found, ...others] = judge("postgres", profile({ contentBytes: 20_000_000 }), alike(10));
  assert.deepEqual(others, []);
  assert.deepEqual(found, { kind: "size", message: "its content is 20.0 MB, usual is 50.0 MB (60 % less)" });
});

test("a table that is gone is told by its name, however small the rest makes it look", () => {
  const parts = [table("public.big", 1_000_000), table("public.ledger", 40)];
  const found = judge("postgres", profile({ parts: parts.slice(0, 1) }), alike(5, { parts }));
  assert.deepEqual(found, [{ kind: "tables", message: "table public.ledger is gone" }]);
});

test("a run of three times the usual length is told, one of twice its length is not", () => {
  assert.deepEqual(kindsOf(profile({ durationMs: 1_800_000 }), alike(10)), ["duration"]);
  assert.deepEqual(kindsOf(profile({ durationMs: 1_200_000 }), alike(10)), []);
});

test("a database of 40 kB that doubles, or falls to half, is not told by its size", () => {
  const small = alike(10, { contentBytes: 40_000, parts: [table("public.t", 60)], durationMs: 900 });
  const found = profile({ contentBytes: 80_000, parts: [table("public.t", 120)], durationMs: 2900 });
  assert.deepEqual(kindsOf(found, small), []);
  assert.deepEqual(kindsOf({ ...found, contentBytes: 20_000, parts: [table("public.t", 30)] }, small), []);
});

test("half of a table's rows is told although the dump as a whole has not shrunk", () => {
  const parts = [table("public.events", 5_000_000), table("public.users", 1000)];
  const found = judge(
    "postgres",
    profile({ parts: [table("public.events", 5_000_000), table("public.users", 500)] }),
    alike(5, { parts }),
  );
  assert.deepEqual(found, [{ kind: "rows", message: "public.users has 500 rows, usual are 1000" }]);
});

test("a table that was emptied is told, one that is empty every other night is not", () => {
  const emptied = profile({ parts: [table("public.t", 0)] });
  assert.deepEqual(kindsOf(emptied, alike(5)), ["rows"]);
  const queue = nightly(
    [0, 900, 0, 900, 0, 900].map((rows) => profile({ parts: [table("public.t", rows)] })),
  );
  assert.deepEqual(kindsOf(emptied, queue), []);
});

test("an empty table that goes takes nothing with it", () => {
  const parts = [table("public.t", 500_000), table("public.unused", 0)];
  assert.deepEqual(kindsOf(profile(), alike(5, { parts })), []);
});

test("a new table, and more rows, are no anomaly", () => {
  const found = profile({ parts: [table("public.t", 900_000), table("public.new", 10)] });
  assert.deepEqual(kindsOf(found, alike(5)), []);
});

test("the oldest partition may go, one in the middle may not", () => {
  const partition = (day: number) => table(`public.log_2026_11_${String(day).padStart(2, "0")}`, 1000);
  const days = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, index) => partition(from + index));
  const history = alike(5, { parts: days(1, 10) });
  assert.deepEqual(kindsOf(profile({ parts: days(2, 11) }), history), []);
  assert.deepEqual(kindsOf(profile({ parts: days(1, 10).filter((_, at) => at !== 4) }), history), ["tables"]);
  assert.deepEqual(kindsOf(profile({ parts: days(8, 10) }), history), ["tables"], "most of them at once");
});

test("a capsule is judged by its folders and files", () => {
  const parts = [table(".", 1), table("annals", 300), table("ledger", 40)];
  const history = alike(5, { parts });
  assert.deepEqual(judge("capsule", profile({ parts: [table(".", 1), table("annals", 100)] }), history), [
    { kind: "folders", message: "folder ledger is gone" },
    { kind: "files", message: "annals has 100 files, usual are 300" },
  ]);
});

test("with fewer than three earlier backups only what is gross is told", () => {
  for (const count of [0, 1, 2]) {
    const history = alike(count, {
      parts: [table("public.a", 500), table("public.b", 500), table("public.c", 500)],
    });
    const less = profile({
      contentBytes: 15_000_000,
      durationMs: 9_000_000,
      parts: [table("public.a", 100), table("public.b", 500)],
    });
    assert.deepEqual(kindsOf(less, history), [], `${count}`);
    const gross = profile({ contentBytes: 5_000_000, parts: [table("public.a", 500)] });
    assert.deepEqual(kindsOf(gross, history), count === 0 ? [] : ["tables", "size"], `${count}`);
  }
});

test("what was accepted may come again the next night and the next week, and less than that may not", () => {
  const fallen = profile({ contentBytes: 15_000_000, parts: [table("public.other", 10)] });
  const before = alike(20);
  assert.notDeepEqual(kindsOf(fallen, before), []);
  const accepted = { createdAt: instant(begin + 20 * dayMs), profile: fallen, isAccepted: true };
  assert.deepEqual(kindsOf(fallen, [...before, accepted]), []);
  const later = alike(5).map((one) => ({ ...one, createdAt: instant(one.createdAt + 21 * dayMs) }));
  assert.deepEqual(kindsOf({ ...fallen, parts: profile().parts }, [...before, accepted, ...later]), []);
  assert.deepEqual(kindsOf({ ...fallen, contentBytes: 5_000_000 }, [...before, accepted]), ["size"]);
});

test("bleeding night after night is told before two thirds of a month are gone", () => {
  let bytes = 1_000_000_000;
  const history = [...alike(20, { contentBytes: bytes })];
  for (let night = 20; night < 40; night += 1) {
    bytes *= 0.85;
    const found = profile({ contentBytes: Math.round(bytes) });
    if (kindsOf(found, history).length > 0) return;
    history.push({ createdAt: instant(begin + night * dayMs), profile: found, isAccepted: false });
  }
  assert.fail("nobody was told");
});

test("growth of up to 5 % a day is never told in a year, whatever it begins with", () => {
  const start = fc.record({
    bytes: fc.integer({ min: 0, max: 1e9 }),
    rows: fc.integer({ min: 0, max: 1e6 }),
    ms: fc.integer({ min: 1, max: 1e6 }),
  });
  fc.assert(
    fc.property(start, fc.double({ min: 0, max: 0.05, noNaN: true }), ({ bytes, rows, ms }, rate) => {
      const at = (night: number) => {
        const factor = (1 + rate) ** night;
        return profile({
          contentBytes: Math.round(bytes * factor),
          durationMs: Math.round(ms * factor),
          parts: [table("public.t", Math.round(rows * factor)), table("public.fixed", 300)],
        });
      };
      const all = nightly(Array.from({ length: 365 }, (_, night) => at(night)));
      for (let night = 0; night < 365; night += 1)
        assert.deepEqual(
          judge("postgres", at(night), all.slice(Math.max(0, night - 40), night)),
          [],
          `night ${night}`,
        );
    }),
    { numRuns: 30 },
  );
});

/** Up to 5 % of growth a day, and 4 % of chance each night: with more, half of the newest may be 60 % of the usual. */
const lively = fc.record({
  bytes: fc.integer({ min: 1_000_000, max: 1e9 }),
  rows: fc.integer({ min: 1000, max: 1e6 }),
  rate: fc.double({ min: 0, max: 0.05, noNaN: true }),
  chance: fc.array(fc.double({ min: 0.96, max: 1.04, noNaN: true }), { minLength: 3, maxLength: 45 }),
});

function livelyNights({
  bytes,
  rows,
  rate,
  chance,
}: {
  bytes: number;
  rows: number;
  rate: number;
  chance: readonly number[];
}) {
  return chance.map((luck, night) => {
    const factor = (1 + rate) ** night * luck;
    return profile({
      contentBytes: Math.round(bytes * factor),
      parts: [table("public.t", Math.round(rows * factor))],
    });
  });
}

test("a fall to half is always told, of the content and of a table's rows; a fall to 80 % never is", () => {
  fc.assert(
    fc.property(lively, (nights) => {
      const all = livelyNights(nights);
      const history = nightly(all);
      const last = all.at(-1) ?? profile();
      const scaled = (factor: number) =>
        profile({
          contentBytes: Math.floor(last.contentBytes * factor),
          parts: [table("public.t", Math.floor((last.parts?.[0]?.count ?? 0) * factor))],
        });
      assert.deepEqual(kindsOf(scaled(0.5), history), ["rows", "size"]);
      assert.deepEqual(kindsOf(scaled(0.8), history), []);
    }),
  );
});

test("the order in which the history comes does not matter", () => {
  const shuffled = lively.chain((nights) => {
    const history = nightly(livelyNights(nights));
    const kept = { minLength: history.length, maxLength: history.length };
    return fc.record({ history: fc.constant(history), other: fc.shuffledSubarray([...history], kept) });
  });
  fc.assert(
    fc.property(shuffled, fc.double({ min: 0.05, max: 8, noNaN: true }), ({ history, other }, factor) => {
      const last = history.at(-1)?.profile ?? profile();
      const found = profile({
        contentBytes: Math.round(last.contentBytes * factor),
        durationMs: Math.round(600_000 * factor),
        parts: [],
      });
      assert.deepEqual(judge("postgres", found, other), judge("postgres", found, history));
    }),
  );
});
