/**
 * npm test: every check in order, all of them even after one failed, then one line for each.
 * With names of groups as arguments, only these groups.
 */
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { shareTemplates } from "../tests/servers/postgres.ts";
import { faultsOf, runGroup } from "./run-group.ts";
import { isTestGroup, type TestGroup, testGroups } from "./test-groups.ts";
import { buildToolForTests } from "./tool-for-tests.ts";

interface StepResult {
  readonly name: string;
  readonly seconds: number;
  readonly summary: string;
  readonly isGreen: boolean;
  readonly tests: number;
}

const checks: readonly (readonly [name: string, argv: readonly string[]])[] = [
  ["lint", ["biome", "check", "--error-on-warnings", "."]],
  ["types", ["tsc", "-p", "."]],
  ["knip", ["knip", "--no-progress"]],
];

function runCheck(name: string, argv: readonly string[]): StepResult {
  const started = performance.now();
  const [program = "", ...args] = argv;
  const end = spawnSync(`node_modules/.bin/${program}`, args, { stdio: ["ignore", "inherit", "inherit"] });
  const isGreen = end.status === 0;
  return { name, seconds: secondsSince(started), summary: isGreen ? "ok" : "failed", isGreen, tests: 0 };
}

async function runTests(group: TestGroup): Promise<StepResult> {
  const started = performance.now();
  const counts = await runGroup(group);
  const faults = faultsOf(counts);
  const tests = counts.passed + counts.failed + counts.skipped + counts.todo;
  const summary = [`${tests} tests, ${counts.passed} passed`, ...faults].join("; ");
  return { name: group, seconds: secondsSince(started), summary, isGreen: faults.length === 0, tests };
}

function secondsSince(startedMs: number): number {
  return (performance.now() - startedMs) / 1000;
}

function announce(name: string): void {
  process.stdout.write(`\n── ${name} ${"─".repeat(Math.max(0, 76 - name.length))}\n`);
}

function describe(step: StepResult): string {
  const mark = step.isGreen ? "✔" : "✖";
  return `${mark} ${step.name.padEnd(13)} ${step.seconds.toFixed(1).padStart(6)} s  ${step.summary}\n`;
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !isTestGroup(name));
if (unknown.length > 0) {
  process.stderr.write(`Cannot run tests: no group "${unknown.join('", "')}"\n`);
  process.stderr.write(`  Name some of: ${Object.keys(testGroups).join(", ")}.\n`);
  process.exit(2);
}
// Each file of tests is a process of its own, and most of what it loads is what the others load.
process.env.NODE_COMPILE_CACHE ??= resolve("node_modules/.cache/compiled-for-tests");
shareTemplates();
const results: StepResult[] = [];
for (const [name, argv] of wanted.length > 0 ? [] : checks) {
  announce(name);
  results.push(runCheck(name, argv));
}
for (const group of wanted.length > 0
  ? wanted.filter(isTestGroup)
  : Object.keys(testGroups).filter(isTestGroup)) {
  announce(group);
  if (group === "end-to-end") process.env.CODEX_TEST_LAUNCHER ??= await buildToolForTests();
  results.push(await runTests(group));
}
const isGreen = results.every((step) => step.isGreen);
announce("result");
process.stdout.write(results.map(describe).join(""));
const tests = results.reduce((sum, step) => sum + step.tests, 0);
process.stdout.write(`${isGreen ? "✔ all green" : "✖ not green"}: ${tests} tests\n`);
process.exitCode = isGreen ? 0 : 1;
