import assert from "node:assert/strict";
import { test } from "node:test";
import { instant } from "../instant.ts";
import { formatRunLines } from "./run-line.ts";
import type { RunReport } from "./run-report.ts";
import { createStepNotes, tracesOf } from "./run-trace.ts";

const report: RunReport = {
  runId: "20261123T010000Z-ab12cd",
  job: "database",
  database: "codexdb",
  slot: null,
  outcome: "complete",
  level: "read",
  startedAt: "2026-11-23T01:00:00.000Z",
  durationMs: 4100,
  windowMs: 2000,
  backup: { id: "codexdb_2026-11-23", files: [], manifest: "m", anomalies: [] },
  copies: [],
  pruned: null,
  warnings: [],
  failure: null,
  summary: "complete, 223 MB, 4.1 s",
  exit: 0,
};

test("a complete run is one line that names job, database, backup and run, at the time of its end", () => {
  assert.deepEqual(formatRunLines(report), [
    "2026-11-23T01:00:04.100Z info database (codexdb): complete, 223 MB, 4.1 s, codexdb_2026-11-23, run 20261123T010000Z-ab12cd",
  ]);
});

test("a failed run says error, why and what to do, each on one line whatever the server said", () => {
  const failure = {
    code: "postgres.login",
    message: "Cannot log in: no\npassword\u001b[2J",
    hint: "Set one.",
  } as const;
  const lines = formatRunLines({ ...report, outcome: "failed", summary: "failed", backup: null, failure });
  assert.deepEqual(
    lines.map((line) => line.replace(/^\S+ /, "")),
    [
      "error database (codexdb): failed, run 20261123T010000Z-ab12cd",
      "error database (codexdb): Cannot log in: no password [2J [postgres.login]",
      "error database (codexdb): Set one.",
    ],
  );
});

test("a warning and a copy that failed are lines of their own also when the run is complete", () => {
  const failure = { code: "destination.full", message: "Cannot write: full", hint: null } as const;
  const copy = {
    destination: "b",
    location: "/b",
    level: "unknown",
    readBack: null,
    late: false,
    failure,
  } as const;
  const lines = formatRunLines({
    ...report,
    outcome: "incomplete",
    warnings: ["left out: x"],
    copies: [copy],
  });
  assert.deepEqual(
    lines.map((line) => line.split(" ")[1]),
    ["warn", "warn", "error"],
  );
});

test("each step of a job belongs to the run in whose time it began, and is told once", () => {
  const notes = createStepNotes();
  const begin = Date.parse(report.startedAt);
  const note = (step: "dump" | "read back", offset: number) =>
    notes.note(
      { subject: "database", step, doneBytes: offset, totalBytes: null, current: null },
      instant(begin + offset),
    );
  note("dump", 10);
  note("dump", 2000);
  note("read back", 2100);
  note("read back", 4000);
  const later = { ...report, runId: "20261123T010010Z-000000", startedAt: "2026-11-23T01:00:10.000Z" };
  const [first, second] = tracesOf([report, later], notes.take("database"));
  assert.deepEqual(
    first?.steps.map(({ name, startedAt, endedAt, doneBytes }) => [
      name,
      startedAt - begin,
      endedAt - begin,
      doneBytes,
    ]),
    [
      ["dump", 10, 2000, 2000],
      ["read back", 2100, 4000, 4000],
    ],
  );
  assert.deepEqual(second?.steps, []);
  assert.deepEqual(notes.take("database"), []);
});
