/**
 * A run in a process of its own, to be killed: run-child.ts SETTINGS (JSON). Says "begun" just before it
 * begins, and prints its report when it was left alive.
 */
import { Writable } from "node:stream";
import type { StagedFile } from "../../src/destinations/destination.ts";
import type { PostgresSource } from "../../src/domain/jobs/source.ts";
import { run } from "../../src/operations/run/run.ts";
import { createFaultyDestination } from "../fakes/faulty-destination.ts";
import { createPlainCapsules } from "../fakes/plain-capsules.ts";
import { capsuleJob, createRealContext, postgresJob } from "../fakes/real-context.ts";
import { hastyClock } from "./run-scene.ts";

export interface ChildSettings {
  readonly home: string;
  readonly destinations: readonly string[];
  /** Null: a capsule of 20,000 bytes. */
  readonly source: PostgresSource | null;
  /** SIGKILLs itself just before this call, counted over all destinations; null: never. */
  readonly killAtCall: number | null;
  /** The last of the destinations takes so long to sync its bytes that it is brought up late. */
  readonly isLate: boolean;
}

// Written by startRun in run-kill.test.ts.
const settings = JSON.parse(process.argv[2] ?? "") as ChildSettings;
const { home, destinations: to, source } = settings;
const job = source === null ? capsuleJob("/tree", { to, stallMs: 5000 }) : postgresJob(source, { to });
const clock = hastyClock(new Map([[10_000, 100]]));
const context = createRealContext({ home, jobs: [job], destinations: to, clock });

let calls = 0;
function countCall(call: string): void {
  calls += 1;
  if (calls !== settings.killAtCall) return;
  process.stdout.write(`killed at ${call}\n`);
  process.kill(process.pid, "SIGKILL");
}

function slowly(file: StagedFile): StagedFile {
  const sink = new Writable({
    write: (chunk, encoding, done) => void file.sink.write(chunk, encoding, done),
    final: (done) => void clock.after(300, () => file.sink.end(done)),
  });
  return { ...file, sink };
}

const destinations = [...context.destinations].map(([name, given], index) => {
  const isLate = settings.isLate && index === to.length - 1;
  const stage: typeof given.stage = async (file, runId) => slowly(await given.stage(file, runId));
  const destination = isLate ? { ...given, stage } : given;
  return [name, createFaultyDestination(destination, [], { onCall: countCall })] as const;
});
const capsules = source === null ? createPlainCapsules(Buffer.alloc(20_000, "replay")) : context.capsules;
process.stdout.write("begun\n");
const [report] = await run(
  { ...context, capsules, destinations: new Map(destinations) },
  { jobs: [job.name], all: false, waitMs: 0, slot: null, signal: new AbortController().signal },
);
process.stdout.write(`${JSON.stringify(report)}\n`);
