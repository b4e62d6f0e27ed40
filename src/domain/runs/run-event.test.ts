import assert from "node:assert/strict";
import { test } from "node:test";
import { instant } from "../instant.ts";
import { formatRunEvent, parseRunEvent, type RunEvent } from "./run-event.ts";

const progress = {
  subject: "job",
  step: "dump",
  doneBytes: 12,
  totalBytes: null,
  current: "public.t",
} as const;

test("what one process tells of a run, the other reads as the same", () => {
  const events: readonly RunEvent[] = [
    { kind: "started", job: "job", runId: "r", slot: instant(1_795_430_280_000) },
    { kind: "started", job: "job", runId: "r", slot: null },
    { kind: "progress", job: "job", runId: "r", progress },
    { kind: "ended", job: "job", runId: "", reports: [] },
  ];
  for (const event of events) {
    const line = formatRunEvent(event);
    assert.ok(!line.includes("\n"));
    assert.deepEqual(parseRunEvent(line), event);
  }
});

test("a line that is not ours is nobody's event", () => {
  for (const line of [
    "",
    "hello",
    "null",
    "[]",
    '{"event":"ended"}',
    '{"event":"ended","job":"j","runId":"r","reports":[1]}',
  ])
    assert.equal(parseRunEvent(line), null, line);
});
