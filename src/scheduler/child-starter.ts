import { createInterface } from "node:readline";
import { Failure, reportOf } from "../domain/failure.ts";
import { formatInstant, type Instant } from "../domain/instant.ts";
import { parseRunEvent, type RunEvent } from "../domain/runs/run-event.ts";
import type { RunReport } from "../domain/runs/run-report.ts";
import { type Child, type ChildEnd, describeEnd, startChild } from "../platform/child.ts";
import type { Clock } from "../platform/clock.ts";
import type { RunStarter, RunWish } from "./scheduler.ts";

export interface ChildStarterParts {
  readonly clock: Clock;
  /** What starts this very program, with whatever comes before its command. */
  readonly program: readonly [file: string, ...args: string[]];
  readonly env: Readonly<Record<string, string>>;
  /** A process has ended without a word: its row is to be closed. */
  readonly onDied: () => Promise<void>;
}

/** Asked to end, a run has so long: dumps are ended at the server, files swept. */
const graceMs = 60_000;

/** Runs each job as `run JOB --events` in a process and process group of its own. */
export function createChildStarter(parts: ChildStarterParts): RunStarter {
  return { start: (wish) => runChild(parts, wish) };
}

async function runChild(parts: ChildStarterParts, wish: RunWish): Promise<readonly RunReport[]> {
  const startedAt = parts.clock.now();
  const startedMs = parts.clock.monotonicMs();
  const [program, ...before] = parts.program;
  const child = await startChild({
    program,
    args: [...before, ...commandOf(wish)],
    env: parts.env,
    stdout: "pipe",
    pipeGraceMs: 10_000,
  });
  const onAbort = () => child.kill(graceMs);
  wish.signal.addEventListener("abort", onAbort, { once: true });
  if (wish.signal.aborted) onAbort();
  const heard = await hear(child, wish);
  const end = await child.ended;
  wish.signal.removeEventListener("abort", onAbort);
  if (heard.reports !== null) return heard.reports;
  await parts.onDied().catch(() => undefined); // what it died of is told; each look at the slots closes rows
  const durationMs = Math.round(parts.clock.monotonicMs() - startedMs);
  return [died(wish, end, { runId: heard.runId, startedAt, durationMs })];
}

function commandOf({ job, slot }: RunWish): readonly string[] {
  return ["run", job, "--events", ...(slot === null ? [] : ["--scheduled-slot", formatInstant(slot)])];
}

interface Heard {
  readonly runId: string | null;
  /** Null: it never came to its end. */
  readonly reports: readonly RunReport[] | null;
}

/** "ended" is the starter's own result, which its caller tells; the rest is passed on as it comes. */
async function hear(child: Child, { onEvent }: RunWish): Promise<Heard> {
  let heard: Heard = { runId: null, reports: null };
  if (child.stdout === null) return heard;
  const lines = createInterface({ input: child.stdout });
  void child.ended.then(() => lines.close());
  for await (const line of lines) {
    const event: RunEvent | null = parseRunEvent(line);
    if (event === null) continue;
    if (event.kind === "ended") heard = { ...heard, reports: event.reports };
    else onEvent(event);
    if (event.kind === "started") heard = { ...heard, runId: event.runId };
  }
  return heard;
}

interface Death {
  readonly runId: string | null;
  readonly startedAt: Instant;
  readonly durationMs: number;
}

function died(wish: RunWish, end: ChildEnd, { runId, startedAt, durationMs }: Death): RunReport {
  const last = end.stderr.trim().split("\n").at(-1) ?? "";
  const failure = new Failure(
    "run.died",
    `Cannot finish "${wish.job}": its process ended with ${describeEnd(end)}${last === "" ? "" : `: ${last}`}`,
    { hint: "Look for an out-of-memory kill at that time." },
  );
  return {
    runId: runId ?? "",
    job: wish.job,
    database: null,
    slot: wish.slot === null ? null : formatInstant(wish.slot),
    outcome: "failed",
    level: "unknown",
    startedAt: formatInstant(startedAt),
    durationMs,
    windowMs: null,
    backup: null,
    copies: [],
    pruned: null,
    warnings: [],
    failure: reportOf(failure),
    summary: "died",
    exit: failure.meaning.exit,
  };
}
