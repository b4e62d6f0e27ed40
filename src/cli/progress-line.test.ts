import assert from "node:assert/strict";
import { test } from "node:test";
import type { Progress } from "../domain/runs/progress.ts";
import { createProgressLine } from "./progress-line.ts";

function terminal(isShown = true, columns = 80) {
  let nowMs = 0;
  const written: string[] = [];
  const line = createProgressLine({
    writer: { write: (text) => written.push(text), isTerminal: true, columns },
    monotonicMs: () => nowMs,
    isShown,
  });
  return {
    line,
    written,
    pass(ms: number) {
      nowMs += ms;
    },
  };
}

function dump(doneBytes: number, more: Partial<Progress> = {}): Progress {
  return {
    subject: "database",
    step: "dump",
    doneBytes,
    totalBytes: 1_000_000_000,
    current: "public.audit_logs",
    ...more,
  };
}

test("a line tells amount, share, rate and what is left once the rate is known", () => {
  const { line, written, pass } = terminal(true, 120);
  line.show(dump(0));
  assert.equal(written.at(-1), "\r\u001b[Kdatabase  dump  0 B of 1.0 GB (0 %)  public.audit_logs");
  pass(10_000);
  line.show(dump(100_000_000));
  assert.equal(
    written.at(-1),
    "\r\u001b[Kdatabase  dump  100 MB of 1.0 GB (10 %)  10.0 MB/s  2 min left  public.audit_logs",
  );
});

test("an estimate that was passed is dropped instead of telling more than all", () => {
  const { line, written } = terminal();
  line.show(dump(2_000_000_000));
  assert.equal(written.at(-1), "\r\u001b[Kdatabase  dump  2.0 GB  public.audit_logs");
});

test("ten thousand calls draw a few lines only, and the next step starts a rate of its own", () => {
  const { line, written, pass } = terminal();
  for (let call = 0; call < 10_000; call += 1) {
    pass(0.1);
    line.show(dump(call));
  }
  assert.ok(written.length <= 10, `${written.length} drawings in a second`);
  pass(5000);
  line.show(dump(500, { step: "read back" }));
  assert.doesNotMatch(String(written.at(-1)), /\/s/);
});

test("the line never wraps, and a table's name cannot move the cursor", () => {
  const { line, written } = terminal(true, 40);
  line.show(dump(1, { current: `\u001b[2Jx\n${"y".repeat(200)}` }));
  const drawn = String(written.at(-1)).replace("\r\u001b[K", "");
  assert.ok(drawn.length <= 39, `${drawn.length} columns`);
  assert.ok(!drawn.includes("\u001b") && !drawn.includes("\n"), drawn);
});

test("clearing leaves an empty line once, and off a terminal nothing is ever written", () => {
  const shown = terminal();
  shown.line.show(dump(1));
  shown.line.clear();
  shown.line.clear();
  assert.deepEqual(shown.written.slice(1), ["\r\u001b[K"]);
  const hidden = terminal(false);
  hidden.line.show(dump(1));
  hidden.line.clear();
  assert.deepEqual(hidden.written, []);
});
