import type { Command } from "commander";
import { parseDuration } from "../../domain/duration.ts";
import { Failure } from "../../domain/failure.ts";
import type { Job } from "../../domain/job.ts";
import { combineExitStatuses, type ExitStatus, exitStatusOf } from "../../domain/outcome.ts";
import { describeAge } from "../../domain/plain-words.ts";
import type { RunReport } from "../../domain/run-report.ts";
import { addExamples, type Bind } from "../command.ts";
import { renderFailure } from "../render/failure.ts";
import { renderRun } from "../render/run.ts";
import { type Session, type Work, withOperations } from "../session.ts";

interface RunFlags {
  readonly all?: boolean;
  readonly wait?: string | true;
}

interface RunWish {
  readonly jobs: readonly string[];
  readonly all: boolean;
  readonly waitMs: number;
}

export function registerRun(parent: Command, bind: Bind): void {
  const command = parent
    .command("run")
    .description("Runs jobs now, under the same locks and checks as by schedule. A busy job ends with 5.")
    .argument("[job...]", "jobs of the config")
    .option("--all", "all jobs, in the order of the config")
    .option("--wait [time]", "wait for a busy job: --wait=10m, or as long as it takes");
  addExamples(command, [
    ["codex-backup run database", "one job"],
    ["codex-backup run --all --wait=30m", "all of them, each waiting its turn"],
  ]);
  bind<RunFlags>(command, (words, flags) => (session) => run(session, { words, flags }));
}

interface Words {
  readonly words: readonly string[];
  readonly flags: RunFlags;
}

/**
 * "--wait database" means to wait for the job "database": a time has a unit, so the two are told apart. Throws
 * "usage.invalid-value" for what is neither.
 */
function readWish({ config }: Work, { words, flags: { all = false, wait } }: Words): RunWish {
  if (wait === undefined) return { jobs: words, all, waitMs: 0 };
  if (wait === true) return { jobs: words, all, waitMs: Number.POSITIVE_INFINITY };
  const waitMs = parseDuration(wait);
  if (waitMs !== null) return { jobs: words, all, waitMs };
  if (config.jobs.some((job) => job.name === wait))
    return { jobs: [wait, ...words], all, waitMs: Number.POSITIVE_INFINITY };
  throw new Failure("usage.invalid-value", `Cannot use "${wait}" for --wait: it is no time and no job`, {
    hint: 'Give --wait a time with its unit, such as "10m" or "1h".',
  });
}

function run(session: Session, given: Words): Promise<ExitStatus> {
  return withOperations(session, "mending", async (work) => {
    const wish = readWish(work, given);
    const reports: RunReport[] = [];
    const names = namesOf(work, wish);
    for (const jobs of names) {
      if (session.io.signal.aborted) break;
      const done = await work.operations.run({
        ...wish,
        all: wish.all && names.length === 1,
        jobs,
        slot: null,
        signal: session.io.signal,
      });
      reports.push(...done);
      for (const report of done)
        await tell(session, work, { report, isAlone: names.length === 1 && done.length === 1 });
    }
    session.screen.document({ runs: reports });
    const { signal } = session.io;
    return combineExitStatuses([
      ...reports.map((report) => report.exit),
      ...(signal.aborted ? [exitStatusOf(signal.reason)] : []),
    ]);
  });
}

/**
 * One call for each job, so that each is told as soon as it is done; all in one call when something is
 * wrong with the names, which the operation then says.
 */
function namesOf({ config }: Work, { jobs, all }: RunWish): readonly (readonly string[])[] {
  const known = config.jobs.map((job) => job.name);
  if (all && jobs.length === 0 && known.length > 1) return known.map((name) => [name]);
  const isRight = !all && jobs.length > 0 && jobs.every((name) => known.includes(name));
  return isRight ? jobs.map((name) => [name]) : [jobs];
}

interface Told {
  readonly report: RunReport;
  /** The only one: then a failure needs no line of its own beside its message. */
  readonly isAlone: boolean;
}

async function tell({ screen, tool }: Session, work: Work, { report, isAlone }: Told): Promise<void> {
  const { outcome, failure, warnings, copies } = report;
  if (failure === null || !isAlone) screen.print(renderRun(report, screen.paint));
  const say = outcome === "incomplete" ? screen.complain : screen.warn;
  for (const warning of warnings) say(`  ${warning}`);
  for (const copy of copies) if (copy.failure !== null) screen.complain(`  ${copy.failure.message}`);
  if (failure === null) return;
  const left = outcome === "failed" ? await whatIsLeft(work, report, tool.now()) : [];
  screen.complain(renderFailure(failure, screen.errorPaint, ...left));
}

/** What an operator asks next after a failed run; nothing for jobs that leave no backups. */
async function whatIsLeft(
  { config, operations }: Work,
  report: RunReport,
  now: number,
): Promise<readonly string[]> {
  const job = config.jobs.find((candidate) => candidate.name === report.job);
  const isBackup = job?.kind === "postgres" || job?.kind === "capsule";
  if (!isBackup || report.backup !== null) return [];
  const good = await operations.newestGood(job.name, report.database ?? onlyDatabase(job));
  if (good === null) return ["Nothing was written, and there is no good backup yet."];
  const age = describeAge(now - Date.parse(good.createdAt));
  return [`Nothing was written. The newest good backup is ${good.id} (${good.level}, ${age} old).`];
}

/** A run that died before it knew its databases still has only one to speak of. */
function onlyDatabase(job: Job): string | null {
  if (job.kind !== "postgres" || job.databases.kind === "all") return null;
  return job.databases.names.length === 1 ? (job.databases.names[0] ?? null) : null;
}
