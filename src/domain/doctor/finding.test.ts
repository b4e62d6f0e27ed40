import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import fc from "fast-check";
import { type CheckCode, checkTable } from "./check-table.ts";
import { diagnose, exitOfFindings, findingOf, shellWord } from "./finding.ts";

test("a word of a command is one word to a real shell, whatever is in it", () => {
  const word = fc
    .string({ minLength: 1, maxLength: 20, unit: "grapheme" })
    .filter((text) => !text.includes("\0"));
  fc.assert(
    fc.property(word, (text) => {
      const run = spawnSync("sh", ["-c", `printf %s ${shellWord(text)}`], { encoding: "utf8" });
      assert.equal(run.stdout, text);
    }),
    { numRuns: 60 },
  );
  assert.equal(shellWord("/backups/a-b_1.sql"), "/backups/a-b_1.sql");
});

test("the exit status is 1 if, and only if, a blocker is open", () => {
  const codes = Object.keys(checkTable) as readonly CheckCode[]; // proven: CheckCode is keyof typeof checkTable
  const finding = fc.record({ code: fc.constantFrom(...codes), isFixed: fc.boolean() });
  fc.assert(
    fc.property(fc.array(finding), (findings) => {
      const isBlocked = findings.some(
        ({ code, isFixed }) => !isFixed && checkTable[code].severity === "blocker",
      );
      assert.equal(exitOfFindings(findings) === 1, isBlocked);
    }),
  );
});

test("what would mend a finding is no part of what is shown", () => {
  const remedy = { kind: "initialise", destination: "x" } as const;
  const shown = findingOf(diagnose("destination.missing", "x", { message: "gone", remedy }));
  assert.deepEqual(Object.keys(shown).sort(), [
    "check",
    "code",
    "commands",
    "isFixed",
    "message",
    "severity",
    "subject",
  ]);
});
