import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

const runner = join(import.meta.dirname, "test.ts");
const good = 'import { test } from "node:test";\ntest("good", () => {});\n';

/** Runs the runner's unit group over one folder of tests, as npm would. */
function runOver(files: Readonly<Record<string, string>>): {
  readonly status: number | null;
  readonly text: string;
} {
  const top = mkdtempSync(join(tmpdir(), "codex-runner-"));
  mkdirSync(join(top, "src"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(top, "src", name), text);
  // Without this variable gone, the runner inside would think that it is itself a test.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const run = spawnSync(process.execPath, [runner, "unit"], { cwd: top, env, encoding: "utf8" });
  rmSync(top, { recursive: true });
  return { status: run.status, text: run.stdout + run.stderr };
}

test("only tests that all passed are green, and the last line counts them", () => {
  const { status, text } = runOver({ "a.test.ts": good, "b.test.ts": good });
  assert.equal(status, 0, text);
  assert.match(text, /✔ all green: 2 tests\n$/);
});

test("a failed, skipped or todo test, a file without tests and no file at all are not green", () => {
  const cases: readonly (readonly [file: string, seen: RegExp])[] = [
    ['import { test } from "node:test";\ntest("x", () => { throw new Error("no"); });', /1 failed/],
    ['import { test } from "node:test";\ntest.skip("x", () => {});', /1 skipped, which is not allowed/],
    [
      'import { test } from "node:test";\ntest("x", (t) => { t.skip(); });',
      /1 skipped, which is not allowed/,
    ],
    ['import { test } from "node:test";\ntest.todo("x");', /1 marked todo, which is not allowed/],
    ['import { describe } from "node:test";\ndescribe("x", () => {});', /no test ran in .*odd\.test\.ts/],
    ["export const nothing = 1;", /no test ran in .*odd\.test\.ts/],
    ["throw new Error('at once');", /1 failed/],
    ["process.exit(0);", /no test ran in .*odd\.test\.ts/],
  ];
  for (const [file, seen] of cases) {
    const { status, text } = runOver({ "good.test.ts": good, "odd.test.ts": file });
    assert.equal(status, 1, `${file}\n${text}`);
    assert.match(text, seen, file);
  }
  const none = runOver({});
  assert.equal(none.status, 1);
  assert.match(none.text, /no test ran in unit: no file/);
});
