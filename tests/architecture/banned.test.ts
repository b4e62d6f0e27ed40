import assert from "node:assert/strict";
import { test } from "node:test";
import { findingsOf } from "./banned.ts";
import { loadSource, loadSources, placeOf } from "./source-tree.ts";

/** Who may do what, and why. A file that stops needing its entry fails the test below. */
const allowed: readonly (readonly [path: string, rule: string, why: string])[] = [
  ["platform/clock.ts", "Date.now", "the one door to time"],
  ["platform/clock.ts", "timer", "the one door to time"],
  ["platform/child.ts", "timer", "SIGKILL follows SIGTERM on the real clock, whatever clock a test moves"],
  ["platform/child.ts", "process", "signals a process group"],
  ["platform/host.ts", "process", "tells our process id and asks whether others live"],
  ["platform/foreign-process.ts", "process", "ends the server that a killed proof left behind"],
  ["platform/owner.ts", "process", "tells which user and groups we act as"],
  ["wiring/own-program.ts", "process", "the program that runs us is what our children start"],
  ["main.ts", "process", "argv, environment, signals and exit status are its business"],
];

const sources = loadSources();

test("each ban sees its own offence", () => {
  const offences: readonly (readonly [rule: string, text: string])[] = [
    ["Date.now", "export const a = Date.now();"],
    ["Date.now", "export const a = performance.now();"],
    ["new Date()", "export const a = new Date();"],
    ["timer", "setTimeout(() => 1, 2);"],
    ["timer", 'import { setTimeout as wait } from "node:timers/promises"; wait(1);'],
    ["process", "export const a = process.env.HOME;"],
    ["process", 'export const a = process["env"];'],
    ["process", 'import { pid } from "node:process"; export const a = pid;'],
    ["console", "console.log(1);"],
    ["Math.random", "export const a = Math.random();"],
    ["exec", 'import { exec as run } from "node:child_process"; run("x");'],
    ["exec", 'import * as child from "node:child_process"; child.spawn("x");'],
    ["shell: true", 'spawn("x", [], { shell: true });'],
    ["nbWorkers", "zlib.createZstdCompress({ params: { [constants.ZSTD_c_nbWorkers]: 2 } });"],
    ["default export", "export default 1;"],
    ["export *", 'export * from "./a.ts";'],
    ["barrel", 'export { a } from "./a.ts";\nexport { b } from "./b.ts";'],
    ["empty catch", "try { a(); } catch { /* nothing */ }"],
    ["any", "export function f(a: any): void {}"],
    ["any", "export interface A { readonly b: readonly any[] }"],
    ["non-null !", "export const a = b!.c;"],
    ["as without its proof", "export const a = b as string;"],
    ["as without its proof", "export const a = b as unknown as string[];"],
  ];
  for (const [rule, text] of offences) {
    const found = findingsOf(loadSource("domain/a.ts", text)).map((one) => one.rule);
    assert.ok(found.includes(rule), `unseen: ${rule} in ${text}`);
  }
});

test("the bans leave innocent code alone", () => {
  const innocent = `
import { type A as B, c as d } from "./any.ts";
import { spawn } from "node:child_process";
/** Accepts any value! */
export interface Many { readonly "any!": string; /** any */ readonly of: "any" }
export const a = new Date(0).toISOString();
export const list = ["x"] as const;
export const proven = JSON.parse("1") as number; // the literal is a number
export const not = !a && a !== "b";
try { d(); } catch { spawn("x", [], { shell: false }); }`;
  assert.deepEqual(findingsOf(loadSource("domain/a.ts", innocent)), []);
});

test("nothing banned stands in the product's code, save what the allow-list gives a reason for", () => {
  const faults = sources.flatMap((file) =>
    findingsOf(file)
      .filter((one) => !allowed.some(([path, rule]) => path === file.path && rule === one.rule))
      .map((one) => `${placeOf(file, one.line)} ${one.rule}`),
  );
  assert.deepEqual(faults, []);
});

test("the allow-list holds nothing that is not needed", () => {
  const needless = allowed.filter(([path, rule]) => {
    const file = sources.find((one) => one.path === path);
    return file === undefined || !findingsOf(file).some((one) => one.rule === rule);
  });
  assert.deepEqual(needless, []);
});
