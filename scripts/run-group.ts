import { globSync } from "node:fs";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { type TestGroup, testGroups, waitingGroups } from "./test-groups.ts";

/** What a group of tests came to. */
export interface GroupCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly todo: number;
  /** Files in which no test ran at all. */
  readonly emptyFiles: readonly string[];
}

/** One file may take this long, hangs included. */
const fileLimitMs = 5 * 60 * 1000;

/** Runs a group, prints each test as it ends, and counts. Skipped tests and empty files are counted, not excused. */
export async function runGroup(group: TestGroup): Promise<GroupCounts> {
  const found = testGroups[group].flatMap((pattern) => globSync(pattern)).map((file) => resolve(file));
  const files = [...new Set(found)];
  if (files.length === 0)
    return { passed: 0, failed: 0, skipped: 0, todo: 0, emptyFiles: [`${group}: no file`] };
  const counts = { passed: 0, failed: 0, skipped: 0, todo: 0 };
  const silent = new Set(files);
  const events = run({
    files,
    concurrency: availableParallelism() + (waitingGroups.includes(group) ? 1 : 0),
    timeout: fileLimitMs,
    execArgv: ["--disable-warning=ExperimentalWarning"],
  });
  events.on("test:pass", (event) => {
    if (event.details.type === "suite" || event.name === event.file) return;
    silent.delete(entryOf(event));
    counts[event.skip !== undefined ? "skipped" : event.todo !== undefined ? "todo" : "passed"]++;
  });
  events.on("test:fail", (event) => {
    silent.delete(entryOf(event));
    if (event.details.type !== "suite") counts.failed++;
  });
  const report = events.compose(new spec());
  for await (const text of report) process.stdout.write(String(text));
  return { ...counts, emptyFiles: [...silent] };
}

/** The file that was run: a test that files share is called in another one. */
function entryOf(event: { readonly file?: string | undefined; readonly entryFile?: string }): string {
  return event.entryFile ?? event.file ?? "";
}

/** A sentence for each reason why a group is not green; none means green. */
export function faultsOf(counts: GroupCounts): readonly string[] {
  return [
    ...(counts.failed > 0 ? [`${counts.failed} failed`] : []),
    ...(counts.skipped > 0 ? [`${counts.skipped} skipped, which is not allowed`] : []),
    ...(counts.todo > 0 ? [`${counts.todo} marked todo, which is not allowed`] : []),
    ...counts.emptyFiles.map((file) => `no test ran in ${file}`),
  ];
}
