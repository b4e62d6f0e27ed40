import assert from "node:assert/strict";
import { after, test } from "node:test";
import { proofRow } from "../../tests/fakes/proof-row.ts";
import type { Manifest } from "../domain/backups/manifest.ts";
import { Failure } from "../domain/failure.ts";
import { type Instant, instant } from "../domain/instant.ts";
import type { Catalog, CopyRow, MarkRow, RunRow } from "./catalog.ts";
import { openCatalog } from "./open-catalog.ts";

const at = (second: number): Instant => instant(Date.UTC(2026, 10, 23, 1) + second * 1000);
const hash = "ab".repeat(32);
const opened: Catalog[] = [];
after(() => {
  for (const catalog of opened) catalog.close();
});

function newCatalog(): Catalog {
  const catalog = openCatalog(":memory:");
  opened.push(catalog);
  return catalog;
}

function runOf(runId: string, changes: Partial<RunRow> = {}): RunRow {
  return {
    runId,
    job: "database",
    database: "codexdb",
    slot: at(0),
    startedAt: at(0),
    finishedAt: null,
    outcome: null,
    backupId: null,
    failure: null,
    warnings: [],
    summary: "running",
    pid: 42,
    bootId: "boot",
    host: "host",
    ...changes,
  };
}

function manifestOf(id: string, changes: Partial<Manifest> = {}): Manifest {
  const size = { sizeBytes: 10, sha256: hash };
  const file = { role: "dump", compression: "none", content: size, ...size } as const;
  return {
    format: "codex-backup-manifest",
    version: 1,
    id,
    runId: "run",
    job: "database",
    kind: "postgres",
    database: "codexdb",
    host: "host",
    slot: null,
    startedAt: new Date(at(0)).toISOString(),
    finishedAt: new Date(at(9)).toISOString(),
    outcome: "complete",
    tool: { name: "codex-backup", version: "0.1.0" },
    files: [
      { ...file, path: `${id}.sql` },
      { ...file, path: `globals_${id}.sql`, role: "globals", sizeBytes: 5 },
    ],
    checked: { level: "hashed", copies: {} },
    postgres: null,
    capsule: null,
    warnings: [],
    labels: {},
    previous: null,
    pruned: [],
    adopted: false,
    ...changes,
  };
}

function copyOf(backupId: string, changes: Partial<CopyRow> = {}): CopyRow {
  return {
    job: "database",
    backupId,
    destination: "backups",
    destinationId: "id-of-backups",
    state: "whole",
    level: "hashed",
    readBack: "direct",
    checkedAt: at(10),
    failure: null,
    ...changes,
  };
}

function put(catalog: Catalog, manifest: Manifest): void {
  catalog.putBackup(manifest, JSON.stringify(manifest), hash);
}

test("a run is read back as it was written, at its start and at its end", () => {
  const catalog = newCatalog();
  const started = runOf("a");
  catalog.startRun(started);
  assert.deepEqual(catalog.run("a"), started);
  const ended = runOf("a", {
    finishedAt: at(4),
    outcome: "failed",
    backupId: "codexdb_2026-11-23",
    failure: { code: "postgres.login", message: 'Cannot log in: "x"', hint: null },
    warnings: ["one", 't"wo\n\u{1f600}'],
    summary: "failed",
  });
  catalog.updateRun(ended);
  assert.deepEqual(catalog.run("a"), ended);
  assert.equal(catalog.run("b"), null);
});

test("two runs cannot share an id", () => {
  const catalog = newCatalog();
  catalog.startRun(runOf("a"));
  assert.throws(() => catalog.startRun(runOf("a", { job: "other" })), Failure);
  assert.equal(catalog.run("a")?.job, "database");
});

test("a run keeps its outcome though its row was lost with the catalog", () => {
  const catalog = newCatalog();
  catalog.updateRun(runOf("a", { finishedAt: at(4), outcome: "complete" }));
  assert.equal(catalog.run("a")?.outcome, "complete");
});

test("runs come last started first, even after a night with a wrong clock", () => {
  const catalog = newCatalog();
  catalog.startRun(runOf("a"));
  catalog.startRun(runOf("b", { startedAt: at(400 * 86_400) }));
  catalog.startRun(runOf("c", { startedAt: at(86_400) }));
  catalog.updateRun(runOf("a", { summary: "changed" }));
  assert.deepEqual(
    catalog.runs().map((run) => run.runId),
    ["c", "b", "a"],
  );
});

test("runs are found by job, by database, by none, and when they have not ended", () => {
  const catalog = newCatalog();
  catalog.startRun(runOf("a"));
  catalog.startRun(runOf("b", { database: null }));
  catalog.startRun(runOf("c", { job: "capsule", database: null, finishedAt: at(1), outcome: "complete" }));
  const found = (filter: Parameters<Catalog["runs"]>[0]) => catalog.runs(filter).map((run) => run.runId);
  assert.deepEqual(found({ job: "database" }), ["b", "a"]);
  assert.deepEqual(found({ job: "database", database: null }), ["b"]);
  assert.deepEqual(found({ database: "codexdb" }), ["a"]);
  assert.deepEqual(found({ unfinishedOnly: true }), ["b", "a"]);
  assert.deepEqual(found({ limit: 1 }), ["c"]);
  assert.deepEqual(found({ job: "none" }), []);
});

test("a backup is read back with what its manifest says and with its copies", () => {
  const catalog = newCatalog();
  const manifest = manifestOf("x", { outcome: "incomplete", adopted: true });
  put(catalog, manifest);
  const copies = [
    copyOf("x"),
    copyOf("x", {
      destination: "offsite",
      state: "damaged",
      level: "unknown",
      readBack: null,
      checkedAt: null,
    }),
  ];
  for (const copy of copies) catalog.putCopy(copy);
  assert.deepEqual(catalog.backup("database", "x"), {
    job: "database",
    id: "x",
    database: "codexdb",
    kind: "postgres",
    createdAt: at(0),
    sizeBytes: 15,
    outcome: "incomplete",
    adopted: true,
    manifestSha256: hash,
    held: false,
    anomalies: [],
    accepted: false,
    provenAt: null,
    copies,
  });
  assert.equal(catalog.manifestText("database", "x"), JSON.stringify(manifest));
  assert.equal(catalog.backup("database", "y"), null);
  assert.equal(catalog.manifestText("other", "x"), null);
});

test("putting a backup again keeps its copies, its hold and its proof", () => {
  const catalog = newCatalog();
  put(catalog, manifestOf("x"));
  catalog.putCopy(copyOf("x"));
  catalog.putMark(markOf("x"));
  catalog.putProof(proofRow("x", at(20)));
  put(catalog, manifestOf("x", { warnings: ["again"] }));
  const found = catalog.backup("database", "x");
  assert.deepEqual([found?.copies.length, found?.held, found?.provenAt], [1, true, at(20)]);
  assert.match(catalog.manifestText("database", "x") ?? "", /again/);
});

test("backups come newest first, by job, by database, and so many at most, each with its own copies", () => {
  const catalog = newCatalog();
  const started = (second: number) => ({ startedAt: new Date(at(second)).toISOString() });
  put(catalog, manifestOf("a", started(1)));
  put(catalog, manifestOf("b", started(3)));
  put(catalog, manifestOf("c", { ...started(2), database: null }));
  put(catalog, manifestOf("a", { ...started(4), job: "other" }));
  for (const id of ["a", "b", "c"]) catalog.putCopy(copyOf(id));
  catalog.putCopy(copyOf("a", { job: "other", destination: "offsite" }));
  const found = (filter: Parameters<Catalog["backups"]>[0]) =>
    catalog
      .backups(filter)
      .map((one) => `${one.job}/${one.id}/${one.copies.map((copy) => copy.destination)}`);
  const all = ["other/a/offsite", "database/b/backups", "database/c/backups", "database/a/backups"];
  assert.deepEqual(found({}), all);
  assert.deepEqual(found({ job: "database" }), all.slice(1));
  assert.deepEqual(found({ job: "database", database: "codexdb" }), [all[1], all[3]]);
  assert.deepEqual(found({ database: null }), [all[2]]);
  assert.deepEqual(found({ limit: 2 }), all.slice(0, 2));
  assert.deepEqual(
    catalog.backupsNamed("a").map((one) => one.job),
    ["other", "database"],
  );
});

test("a copy is replaced, removed, and its backup goes with the last one", () => {
  const catalog = newCatalog();
  put(catalog, manifestOf("x"));
  catalog.putCopy(copyOf("x"));
  catalog.putCopy(copyOf("x", { destination: "offsite" }));
  const failure = { code: "backup.mismatch", message: "Cannot …", hint: "Do" } as const;
  catalog.putCopy(copyOf("x", { state: "removing", level: "proven", failure }));
  assert.deepEqual(
    catalog.backup("database", "x")?.copies[0],
    copyOf("x", { state: "removing", level: "proven", failure }),
  );
  catalog.removeBackupIfBare("database", "x");
  catalog.removeCopy("database", "x", "backups");
  catalog.removeBackupIfBare("database", "x");
  assert.equal(catalog.backup("database", "x")?.copies.length, 1);
  catalog.removeCopy("database", "x", "offsite");
  catalog.removeBackupIfBare("database", "x");
  assert.equal(catalog.backup("database", "x"), null);
  assert.equal(catalog.manifestText("database", "x"), null);
});

test("a copy or a mark of a backup that nobody knows is refused, not lost silently", () => {
  const catalog = newCatalog();
  assert.throws(() => catalog.putCopy(copyOf("x")), Failure);
  assert.throws(() => catalog.putMark(markOf("x")), Failure);
});

function markOf(backupId: string, changes: Partial<MarkRow> = {}): MarkRow {
  const words = { who: "anna", at: at(30), why: "audit" };
  return { job: "database", backupId, destination: "backups", kind: "hold", ...words, ...changes };
}

test("a hold at any destination holds the backup until it is released at all", () => {
  const catalog = newCatalog();
  put(catalog, manifestOf("x"));
  const accepted = markOf("x", { kind: "accepted", at: at(31) });
  catalog.putMark(accepted);
  assert.equal(catalog.backup("database", "x")?.held, false);
  catalog.putMark(markOf("x"));
  catalog.putMark(markOf("x", { destination: "offsite", why: "first" }));
  catalog.putMark(markOf("x", { destination: "offsite" }));
  assert.equal(catalog.backups()[0]?.held, true);
  assert.deepEqual(catalog.marks("database", "x"), [
    markOf("x"),
    markOf("x", { destination: "offsite" }),
    accepted,
  ]);
  catalog.removeMark("database", "x", "hold");
  assert.equal(catalog.backup("database", "x")?.held, false);
  assert.deepEqual(catalog.marks("database", "x"), [accepted]);
});

test("pruned ids are kept by job and database, once each, until a manifest has told them", () => {
  const catalog = newCatalog();
  for (const id of ["b", "a", "b"]) catalog.addPruned("database", "codexdb", id);
  catalog.addPruned("database", "other", "c");
  catalog.addPruned("capsule", null, "d");
  catalog.addPruned("capsule", null, "d");
  assert.deepEqual(catalog.pruned("database", "codexdb"), ["b", "a"]);
  assert.deepEqual(catalog.pruned("capsule", null), ["d"]);
  catalog.addPruned("database", "codexdb", "late");
  catalog.clearPruned("database", "codexdb", ["b", "a"]);
  assert.deepEqual(catalog.pruned("database", "codexdb"), ["late"]);
  assert.deepEqual(catalog.pruned("database", "other"), ["c"]);
});

test("files of others are those of the last look at that destination", () => {
  const catalog = newCatalog();
  const file = { name: "old.zip", sizeBytes: 3, modifiedMs: 1.5, firstSeenAt: at(0) };
  catalog.putForeignSeen("replays", [file, { ...file, name: "a" }]);
  catalog.putForeignSeen("other", [file]);
  catalog.putForeignSeen("replays", [file]);
  assert.deepEqual(catalog.foreignSeen("replays"), [file]);
  assert.deepEqual(catalog.foreignSeen("none"), []);
});

test("a job is known since it was first asked about", () => {
  const catalog = newCatalog();
  assert.equal(catalog.knownSince("database", at(5)), at(5));
  assert.equal(catalog.knownSince("database", at(9)), at(5));
});

test("forgetting backups keeps runs, pruned ids and jobs", () => {
  const catalog = newCatalog();
  catalog.startRun(runOf("a"));
  put(catalog, manifestOf("x"));
  catalog.putCopy(copyOf("x"));
  catalog.putMark(markOf("x"));
  catalog.addPruned("database", "codexdb", "p");
  catalog.forgetBackups();
  assert.deepEqual([catalog.backups(), catalog.marks("database", "x")], [[], []]);
  assert.equal(catalog.runs().length, 1);
  assert.deepEqual(catalog.pruned("database", "codexdb"), ["p"]);
  assert.deepEqual(catalog.problems(), []);
});

test("what is done atomically happens whole or not at all, also inside one another", () => {
  const catalog = newCatalog();
  const stop = new Error("stop");
  const failing = () =>
    catalog.atomically(() => {
      catalog.startRun(runOf("inner"));
      throw stop;
    });
  assert.throws(failing, stop);
  assert.deepEqual(catalog.runs(), []);
  const answer = catalog.atomically(() => {
    catalog.startRun(runOf("outer"));
    assert.throws(failing, stop);
    put(catalog, manifestOf("x"));
    return catalog.backups().length;
  });
  assert.equal(answer, 1);
  assert.deepEqual(
    catalog.runs().map((run) => run.runId),
    ["outer"],
  );
});

test("work that would go on after the transaction is refused and undone", () => {
  const catalog = newCatalog();
  const work = () =>
    catalog.atomically(async () => {
      catalog.startRun(runOf("a"));
    });
  assert.throws(work, (error) => error instanceof Failure && error.code === "run.internal");
  assert.deepEqual(catalog.runs(), []);
});
