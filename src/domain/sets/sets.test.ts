import assert from "node:assert/strict";
import { posix } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { noRule } from "../../../tests/fakes/keep-policy.ts";
import { capsuleJob, checksumsJob, localSource, postgresJob } from "../../../tests/fakes/real-context.ts";
import type { CapsuleEntry } from "../backups/manifest.ts";
import { instant } from "../instant.ts";
import { planRetention } from "../retention/retention.ts";
import { measureDrift } from "./drift.ts";
import { createReferenceCheck, placeOf, type ReferenceQuery } from "./references.ts";
import { memberOf, restorePoint, type SetDatabase } from "./restore-point.ts";
import { inSetOrder } from "./set-order.ts";

const source = localSource({ socketDirectory: "/s", port: 1, user: "u" });
const database = (name: string, set: string | null = "night") => postgresJob(source, { name, set });
const files = (name: string, set: string | null = "night") => capsuleJob("/tree", { name, set });
const at = (minute: number) => instant(Date.UTC(2026, 10, 23, 2, minute));

test("a capsule comes after every database of its set, and nothing else moves", () => {
  const names = (jobs: Parameters<typeof inSetOrder>[0]) => inSetOrder(jobs).map(({ name }) => name);
  assert.deepEqual(names([files("c"), checksumsJob("b", { name: "s" }), database("d1"), database("d2")]), [
    ...["s", "d1", "d2", "c"],
  ]);
  assert.deepEqual(names([database("d"), files("c"), files("e", null)]), ["d", "c", "e"]);
  assert.deepEqual(names([files("c1"), files("x", "other"), database("d"), files("c2")]), [
    "x",
    "d",
    "c1",
    "c2",
  ]);
  assert.deepEqual(names([files("c", null), database("d", null)]), ["c", "d"]);
  const kinds = fc.array(fc.tuple(fc.boolean(), fc.constantFrom("a", "b", null)));
  fc.assert(
    fc.property(kinds, (drawn) => {
      const jobs = drawn.map(([isDatabase, set], index) => (isDatabase ? database : files)(`j${index}`, set));
      const ordered = inSetOrder<(typeof jobs)[number]>(jobs);
      assert.deepEqual(new Set(ordered), new Set(jobs));
      for (const [index, job] of ordered.entries())
        if (job.kind === "capsule" && job.set !== null)
          assert.ok(
            !ordered.slice(index).some((other) => other.kind === "postgres" && other.set === job.set),
          );
    }),
  );
});

const known: SetDatabase = {
  job: "database",
  database: "codexdb",
  newest: { id: "codexdb_2026-11-23", createdAt: at(0), snapshotAt: "2026-11-23T02:00:01.000Z" },
  lastRun: { runId: "r1", startedAt: at(0), isFailed: false },
  lastDue: at(0),
};

test("the newest backup belongs to the point, unless its database's last run failed or never came", () => {
  assert.equal(memberOf(known).backup, "codexdb_2026-11-23");
  const failed = memberOf({ ...known, lastRun: { runId: "r2", startedAt: at(5), isFailed: true } });
  assert.deepEqual([failed.backup, failed.reason], [null, "its run r2 failed"]);
  const healed = memberOf({ ...known, lastRun: { runId: "r0", startedAt: instant(0), isFailed: true } });
  assert.equal(healed.backup, "codexdb_2026-11-23", "a failure before the backup is over");
  assert.match(
    memberOf({ ...known, lastDue: at(10) }).reason ?? "",
    /its slot of .*02:10.* has left no backup/,
  );
  assert.equal(memberOf({ ...known, lastDue: null, lastRun: null }).reason, null);
  assert.equal(memberOf({ ...known, newest: null, lastRun: null }).reason, "it has no backup yet");
});

test("a point bears the moment of its oldest snapshot, and the drift is counted from there", () => {
  const members = [
    { ...memberOf(known), snapshotAt: "2026-11-23T02:03:00.000Z" },
    memberOf(known),
    memberOf({ ...known, newest: null }),
  ];
  const walk = { startedAt: at(15), finishedAt: at(16) };
  const point = restorePoint("night", members, walk);
  assert.deepEqual([point.id, point.driftMs], ["night_20261123T020001Z", 15 * 60_000 - 1000 + 60_000]);
  assert.equal(restorePoint("night", [], walk).driftMs, null);
});

function entry(path: string): CapsuleEntry {
  const type = path.endsWith("/") ? "directory" : "file";
  const rest = { sizeBytes: 1, modifiedAt: "2026-11-23T01:00:00.000Z", mode: "0600", sha256: null } as const;
  return { path, type, ...rest, state: "stable" };
}

test("drift counts what was touched after the snapshot, and folders apart: something may be gone from them", () => {
  const entries = [
    entry("a/"),
    entry("a/old"),
    entry("a/new"),
    ...Array.from({ length: 30 }, (_, n) => entry(`n${n}`)),
  ];
  const touched = [at(9), at(1), at(9), ...entries.slice(3).map(() => at(9))];
  const drift = measureDrift(entries, touched, at(5));
  assert.deepEqual([drift.files, drift.folders, drift.first.length, drift.first[0]], [31, 1, 20, "a/new"]);
});

const place = { root: "ledger", capsuleRoot: "/opt/storage" };

test("a row's text points to a file below the root, relative or as a path of that machine, and never out of it", () => {
  assert.equal(placeOf("2026/a b.json", place), "ledger/2026/a b.json");
  assert.equal(placeOf("./x//y/../z", place), "ledger/x/z");
  assert.equal(placeOf("/opt/storage/ledger/a", place), "ledger/a");
  assert.equal(placeOf('it\'s "Ünïcödé"\n', place), 'ledger/it\'s "Ünïcödé"\n');
  for (const outside of [
    "",
    ".",
    "..",
    "../audit.log",
    "../../etc/passwd",
    "/etc/passwd",
    "/opt/storage/audit.log",
  ])
    assert.equal(placeOf(outside, place), null, outside);
  assert.equal(placeOf("/opt/storagex/ledger/a", place), null);
  assert.equal(placeOf("a", { root: "", capsuleRoot: "/" }), "a");
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      const found = placeOf(text, place);
      if (found === null) return;
      assert.ok(found.startsWith("ledger/") && posix.normalize(found).replace(/\/$/, "") === found);
    }),
  );
});

const query: ReferenceQuery = { job: "d", database: "x", backup: "b", sql: "select 1", root: "ledger" };

test("what rows name and the capsule lacks, and what lies there unnamed, are told by number and first names", () => {
  const check = createReferenceCheck(
    ["audit.log", "ledger/", "ledger/a", "ledger/b", "ledger2/c"].map(entry),
  );
  check.begin(query, null);
  check.name("ledger/a", "ledger/a");
  check.name("ledger/A", "ledger/A");
  check.name(null, "../x");
  const { queries, unreferenced } = check.finish();
  assert.deepEqual(queries[0], {
    ...query,
    unchecked: null,
    named: 3,
    missing: { count: 2, first: ["ledger/A", "../x"] },
  });
  assert.deepEqual(unreferenced, [{ root: "ledger", count: 1, first: ["ledger/b"] }]);
});

test("a file that another query names is referenced; where a query was not answered, none is called unreferenced", () => {
  const run = (isAnswered: boolean) => {
    const check = createReferenceCheck([entry("ledger/a"), entry("ledger/b")]);
    check.begin(query, null);
    check.name("ledger/a", null);
    check.begin({ ...query, root: "" }, (text) => `#${text}`);
    check.name("#ledger/b", null);
    if (!isAnswered) check.giveUp("no");
    return check.finish();
  };
  assert.deepEqual(
    run(true).unreferenced.map(({ count }) => count),
    [0, 0],
  );
  assert.deepEqual(run(false).unreferenced, []);
});

test("no policy tears the newest whole restore point apart", () => {
  const backup = (id: string, day: number, isOfPoint = false) => {
    const createdAt = instant(Date.UTC(2026, 10, day));
    const marks = { isHeld: false, isProven: false, isSuspect: false, isWhole: true, isOfPoint };
    return { id, createdAt, ...marks, outcome: "complete", level: "read", sizeBytes: 1 } as const;
  };
  const policy = { ...noRule, last: 1, sizeBytes: 1, minimum: 1 };
  const now = instant(Date.UTC(2026, 10, 23));
  const verdicts = planRetention({
    backups: [backup("new", 22), backup("point", 15, true), backup("old", 14)],
    ...{ policy, zone: "UTC", newestIsSuspect: false, now, lastSeenNow: now },
  });
  assert.deepEqual(
    verdicts.map(({ backup: { id }, verdict }) => [id, verdict]),
    [
      ["new", "keep"],
      ["point", "keep"],
      ["old", "remove"],
    ],
  );
  const reason = "in the newest restore point of which no backup lacks";
  assert.ok(verdicts[1]?.reasons.includes(reason), "list calls a point incomplete also when a file lacks");
});
