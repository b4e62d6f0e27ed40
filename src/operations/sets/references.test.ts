import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { zstdDecompressSync } from "node:zlib";
import { openMemoryScene } from "../../../tests/fakes/memory-scene.ts";
import { localSource, postgresJob } from "../../../tests/fakes/real-context.ts";
import type { CapsuleEntry } from "../../domain/backups/manifest.ts";
import { Failure } from "../../domain/failure.ts";
import type { PostgresJob } from "../../domain/jobs/job.ts";
import type { Snapshot } from "../../postgres/postgres.ts";
import type { Context } from "../context.ts";
import { checkReferences } from "./check-references.ts";
import { collectReferences } from "./collect-references.ts";

const signal = new AbortController().signal;
const source = localSource({ socketDirectory: "/s", port: 1, user: "u" });
const reference = { sql: "select path from files", root: "ledger", timeoutMs: 1000 };

/** A snapshot that answers every query so; nothing else of it is used here. */
function answering(texts: Iterable<string | null>): Snapshot {
  return {
    async *texts() {
      yield [...texts];
    },
  } as Partial<Snapshot> as Snapshot; // collectReferences takes nothing else of it
}

function file(path: string): CapsuleEntry {
  const rest = { sizeBytes: 1, modifiedAt: "2026-11-23T01:00:00.000Z", mode: "0600", sha256: null } as const;
  return { path, type: "file", ...rest, state: "stable" };
}

interface Asked {
  readonly context: Context;
  readonly job: PostgresJob;
  collect(backup: string, texts: Iterable<string | null>): Promise<readonly string[]>;
  check(backup: string, paths: readonly string[]): ReturnType<typeof checkReferences>;
  lists(): readonly string[];
}

async function asking(given: Partial<PostgresJob> = {}): Promise<Asked> {
  const job = postgresJob(source, { set: "night", references: [reference], ...given });
  const { context: made } = await openMemoryScene();
  const context = { ...made, jobs: [job] };
  const folder = join(context.statePath, "references/database/codex%2Fdb");
  return {
    context,
    job,
    collect: (backup, texts) =>
      collectReferences(context, { job, snapshot: answering(texts), database: "codex/db", backup, signal }),
    check: (backup, paths) => {
      const member = { job: job.name, database: "codex/db", backup, snapshotAt: null, reason: null };
      return checkReferences(context, [member], paths.map(file));
    },
    lists: () => readdirSync(folder).map((name) => join(folder, name)),
  };
}

test("of an encrypted database no path reaches this disk, and missing files are counted all the same", async () => {
  const { collect, check, lists } = await asking({ encrypt: { recipients: ["age1x"] } });
  assert.deepEqual(await collect("b1", ["canary-there", "canary-gone", "../canary-outside", null]), []);
  const [list = ""] = lists();
  assert.ok(!zstdDecompressSync(readFileSync(list)).includes("canary"));
  const facts = await check("b1", ["ledger/canary-there", "ledger/other"]);
  assert.deepEqual([facts?.queries[0]?.named, facts?.queries[0]?.missing], [3, { count: 2, first: [] }]);
  assert.deepEqual(facts?.unreferenced, [{ root: "ledger", count: 1, first: ["ledger/other"] }]);
});

test("neither the query of an encrypted database nor what the server said of it is told in the clear", async () => {
  const sql = "select canary_path from canary_files";
  const { context, job, check, lists } = await asking({
    encrypt: { recipients: ["age1x"] },
    references: [{ ...reference, sql }],
  });
  const snapshot = {
    // biome-ignore lint/correctness/useYield: it fails before the first row
    async *texts() {
      throw new Failure("postgres.query", "Cannot ask: column canary_path does not exist");
    },
  } as Partial<Snapshot> as Snapshot; // collectReferences takes nothing else of it
  const warnings = await collectReferences(context, {
    job,
    snapshot,
    database: "codex/db",
    backup: "b1",
    signal,
  });
  assert.match(warnings.join(), /canary_path/, "the private part, into which warnings go, has it");
  assert.ok(!zstdDecompressSync(readFileSync(lists()[0] ?? "")).includes("canary"));
  for (const backup of ["b1", "never made"]) {
    const told = JSON.stringify(await check(backup, ["ledger/a"]));
    assert.match(told, /query 1, not named/);
    assert.doesNotMatch(told, /canary/, backup);
  }
});

test("a hundred thousand paths are kept small, compared while they are read, and only the newest lists stay", async () => {
  const { collect, check, lists } = await asking();
  const paths = Array.from({ length: 100_000 }, (_, n) => `folder/${n}-a-name-of-some-length.json`);
  for (const backup of ["b1", "b2", "b3"]) await collect(backup, backup === "b3" ? paths : []);
  assert.equal(lists().length, 2);
  assert.ok(readFileSync(lists()[1] ?? "").length < 1_000_000);
  const before = process.memoryUsage().rss;
  const facts = await check("b3", ["ledger/folder/7-a-name-of-some-length.json"]);
  assert.ok(process.memoryUsage().rss - before < 100e6);
  assert.deepEqual([facts?.queries[0]?.named, facts?.queries[0]?.missing.count], [100_000, 99_999]);
});

test("a list that is gone or damaged is not checked, never taken for an empty one", async () => {
  const { collect, check, lists } = await asking();
  assert.match((await check("b0", ["ledger/a"]))?.queries[0]?.unchecked ?? "", /is not there/);
  await collect("b1", ["a"]);
  const [list = ""] = lists();
  const whole = readFileSync(list);
  for (const bytes of [whole.subarray(0, whole.length / 2), Buffer.from("x"), Buffer.alloc(0)]) {
    writeFileSync(list, bytes);
    const facts = await check("b1", ["ledger/a"]);
    assert.ok(facts?.queries.length === 1 && facts.queries[0]?.unchecked, JSON.stringify(facts));
    assert.deepEqual(facts.unreferenced, []);
  }
});
