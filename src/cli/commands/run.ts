import { type Command, Option } from "commander";
import { parseDuration } from "../../domain/duration.ts";
import { Failure } from "../../domain/failure.ts";
import { type Instant, parseInstant } from "../../domain/instant.ts";
import { type Job, leavesBackups } from "../../domain/jobs/job.ts";
import { jobsOfAll } from "../../domain/jobs/proof-job.ts";
import { combineExitStatuses, type ExitStatus, exitStatusOf } from "../../domain/outcome.ts";
import { describeAge } from "../../domain/plain-words.ts";
import type { RunReport } from "../../domain/runs/run-report.ts";
import { inSetOrder } from "../../domain/sets/set-order.ts";
import type { SlotNews } from "../../domain/slots/slot-report.ts";
import { addExamples, type Bind } from "../command.ts";
import { renderFailure } from "../render/failure.ts";
import { renderRun } from "../render/run.ts";
import { type Session, type Work, withOperations } from "../session.ts";
import { createEventLines, type EventLines } from "./run-events.ts";

interface RunFlags {
  readonly all?: boolean;
  readonly set?: string;
  readonly wait?: string | true;
  readonly scheduled?: boolean;
  readonly scheduledSlot?: Instant;
  readonly events?: boolean;
}

interface RunWish {
  readonly jobs: readonly string[];
  readonly all: boolean;
  readonly waitMs: number;
  readonly slot: Instant | "due" | null;
}

export function registerRun(parent: Command, bind: Bind): void {
  const command = parent
    .command("run")
    .description("Runs jobs now, under the same locks and checks as by schedule. A busy job ends with 5.")
    .argument("[job...]", "jobs of the config")
    .option("--all", "all jobs, in the order of the config")
    .option("--set <set>", "all jobs of a set: databases first, then the capsules that belong to them")
    .option("--wait [time]", "wait for a busy job: --wait=10m, or as long as it takes")
    .option("--scheduled", "for the slot that is due, once: what lines of cron and timers call")
    .option("--events", "a line of JSON on stdout for each thing that happens, instead of words")
    .addOption(new Option("--scheduled-slot <moment>").argParser(readSlot).hideHelp());
  addExamples(command, [
    ["codex-backup run database", "one job"],
    ["codex-backup run --all --wait=30m", "all of them, each waiting its turn"],
    ["codex-backup run --set nightly", "one restore point: the databases, then the files"],
    ["codex-backup run database --scheduled", "unless its slot was run already, by whomever"],
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
function readWish({ config }: Work, { words, flags }: Words): RunWish {
  const { all = false, wait, set } = flags;
  const slot: RunWish["slot"] = flags.scheduledSlot ?? (flags.scheduled ? "due" : null);
  const jobs = set === undefined ? words : [...words, ...jobsOfSet(config.jobs, set)];
  const wish = { jobs, all, slot };
  if (wait === undefined) return { ...wish, waitMs: 0 };
  if (wait === true) return { ...wish, waitMs: Number.POSITIVE_INFINITY };
  const waitMs = parseDuration(wait);
  if (waitMs !== null) return { ...wish, waitMs };
  if (config.jobs.some((job) => job.name === wait))
    return { ...wish, jobs: [wait, ...jobs], waitMs: Number.POSITIVE_INFINITY };
  throw new Failure("usage.invalid-value", `Cannot use "${wait}" for --wait: it is no time and no job`, {
    hint: 'Give --wait a time with its unit, such as "10m" or "1h".',
  });
}

function jobsOfSet(jobs: readonly Job[], set: string): readonly string[] {
  const names = jobs.filter((job) => leavesBackups(job) && job.set === set).map(({ name }) => name);
  if (names.length > 0) return names;
  const sets = new Set(jobs.flatMap((job) => (leavesBackups(job) && job.set !== null ? [job.set] : [])));
  const known = sets.size === 0 ? "none" : [...sets].map((name) => `"${name}"`).join(", ");
  throw new Failure("usage.invalid-value", `Cannot find set "${set}": the config has ${known}`, {
    hint: "Name one of these sets, or give jobs the key set.",
  });
}

/** For our own processes: the scheduler tells its child which slot. */
function readSlot(text: string): Instant {
  const slot = parseInstant(text);
  if (slot !== null) return slot;
  throw new Failure("usage.invalid-value", `Cannot use "${text}" for --scheduled-slot: it is no moment`, {
    hint: "Give --scheduled instead.",
  });
}

function run(outer: Session, given: Words): Promise<ExitStatus> {
  const events = given.flags.events ? createEventLines(outer) : null;
  const session = events?.session ?? outer;
  return withOperations(session, "mending", async (work) => {
    const wish = readWish(work, given);
    const { reports, slots } = await runEach(session, work, { wish, events });
    session.screen.document({ runs: reports, ...(wish.slot === null ? {} : { slots }) });
    const { signal } = session.io;
    return combineExitStatuses([
      ...reports.map((report) => report.exit),
      ...(signal.aborted ? [exitStatusOf(signal.reason)] : []),
    ]);
  });
}

interface Wished {
  readonly wish: RunWish;
  readonly events: EventLines | null;
}

interface Done {
  readonly reports: readonly RunReport[];
  /** Why no run was started for a slot. */
  readonly slots: readonly SlotNews[];
}

async function runEach(session: Session, work: Work, { wish, events }: Wished): Promise<Done> {
  const reports: RunReport[] = [];
  const slots: SlotNews[] = [];
  const { signal } = session.io;
  const names = namesOf(work, wish);
  for (const jobs of names) {
    if (signal.aborted) break;
    const all = wish.all && names.length === 1;
    const done = await work.operations.run({
      ...wish,
      ...{ all, jobs, signal },
      onSlot: (news) => {
        slots.push(news);
        session.screen.print(`${news.job}: slot ${news.slot} ${news.state}: ${news.reason}`);
      },
      ...(events && { onStarted: events.onStarted }),
    });
    reports.push(...done);
    events?.onEnded(jobs[0] ?? "", done);
    for (const report of done)
      await tell(session, work, { report, isAlone: names.length === 1 && done.length === 1 });
  }
  return { reports, slots };
}

/**
 * One call for each job, so that each is told as soon as it is done; all in one call when something is
 * wrong with the names, which the operation then says.
 */
function namesOf({ config }: Work, { jobs, all }: RunWish): readonly (readonly string[])[] {
  const known = inSetOrder(config.jobs).map((job) => job.name);
  const ofAll = inSetOrder(jobsOfAll(config.jobs)).map(({ name }) => [name]);
  if (all && jobs.length === 0 && ofAll.length > 1) return ofAll;
  const isRight = !all && jobs.length > 0 && jobs.every((name) => known.includes(name));
  return isRight
    ? inSetOrder(jobs.flatMap((name) => config.jobs.filter((job) => job.name === name))).map(({ name }) => [
        name,
      ])
    : [jobs];
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
