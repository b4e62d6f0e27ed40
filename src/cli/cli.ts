/**
 * Cli: the command line, as a function from words to an exit status.
 *
 * Owns: the commands and their options, what people and scripts read on stdout and stderr, usage errors,
 * progress on a terminal. Refuses: any work of its own (operations), any access to the process, files or
 * drivers (main and wiring hand in an Io and a Tool). Words: command, flag, screen, document (the JSON).
 * May go to: operations, config (types), domain.
 */
import type { Config, ConfigLoader } from "../config/config.ts";
import type { DemoReport } from "../demo/demo.ts";
import type { TokenFile } from "../domain/access/access-token.ts";
import { Failure } from "../domain/failure.ts";
import type { Instant } from "../domain/instant.ts";
import type { Job } from "../domain/jobs/job.ts";
import { type ExitStatus, exitStatusOf } from "../domain/outcome.ts";
import type { OnProgress } from "../domain/runs/progress.ts";
import type { Schedule } from "../domain/slots/schedule.ts";
import type { DoctorReport, Operations } from "../operations/operation.ts";
import type { Installer } from "../scheduler/scheduler.ts";
import { tellUnknown } from "./commands/check.ts";
import { readGlobalFlags } from "./global-flags.ts";
import { createProgram } from "./program.ts";
import { createSession, type Session } from "./session.ts";
import { commandMeant, isUsageError, outcomeOfUsage, type UsageOutcome } from "./usage.ts";

/** Where text goes. */
export interface Writer {
  write(text: string): void;
  readonly isTerminal: boolean;
  /** Width of the terminal; 80 where nobody knows. */
  readonly columns: number;
}

/** The outside of the process, as the command line sees it. */
export interface Io {
  readonly stdout: Writer;
  readonly stderr: Writer;
  /**
   * Settles when all that was written to stdout is out of our hands: true when somebody took it, false when its reader has
   * gone, the disk is full, or it leads nowhere (closed, /dev/null).
   */
  outputTaken(): Promise<boolean>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Aborted with a Failure ("run.cancelled", "run.interrupted") when the process is asked to end. */
  readonly signal: AbortSignal;
  /** From now on a hangup (SIGHUP) calls this instead of ending the process. */
  onHangup(call: () => void): void;
  /** Who types: put down beside holds and acceptances. */
  readonly userName: string;
  /** Null where nobody is there to answer. */
  readonly prompt: Prompt | null;
}

/** Questions on a terminal. Each throws Failure "run.cancelled" when the person gives up. */
export interface Prompt {
  select(question: string, choices: readonly Choice[]): Promise<string>;
  /** `initial` is taken when nothing is typed; `findProblem` says what is wrong, or null. */
  text(question: string, options: TextQuestion): Promise<string>;
  confirm(question: string): Promise<boolean>;
}

export interface Choice {
  readonly value: string;
  readonly label: string;
}

export interface TextQuestion {
  readonly initial?: string;
  readonly findProblem?: (typed: string) => string | null;
}

/** What wiring builds: the product behind the command line. */
export interface Tool {
  readonly version: string;
  hostTimezone(): string;
  now(): Instant;
  /** Milliseconds of a clock that never jumps. */
  monotonicMs(): number;
  configLoader(): Promise<ConfigLoader>;
  /** Opens the catalog and builds the operations. */
  open(config: Config, needs: Needs): Promise<Opened>;
  /**
   * What would fail tonight. A configuration or a catalog that cannot be opened is a finding, not an error; throws
   * "usage.unknown-job".
   */
  examine(wish: ExamineWish): Promise<DoctorReport>;
  /** Runs every job at its time until the signal; settles when all that ran has ended. Throws "run.busy" when another one is at it. */
  serve(wish: ServeWish): Promise<void>;
  /** When a job is due: by what cron or systemd starts it here, else by the config; null: only by hand. */
  scheduleOf(config: Config, job: Job): Promise<Schedule | null>;
  /** Of this host, or of another system's files below a directory ("/": this one). */
  installer(root: string): Promise<Installer>;
  /** The absolute path that cron and systemd start us by. */
  launcher(): string;
  /** Needs no configuration; loads nothing of this unless it is called. */
  demo(wish: DemoWish): Promise<DemoShown>;
  /**
   * The newest config that is kept at the first destination of this one; `text` is null without an identity to open it. Null when none is
   * kept there. Throws as the destination and the key do.
   */
  fetchConfig(wish: FetchConfigWish): Promise<FoundConfig | null>;
  /** Throws "config.exists" when something is there; makes missing directories. */
  createFile(path: string, text: string): Promise<void>;
  /**
   * A new file with a secret, for its owner alone, that has its name only when it is whole and synced. Throws "usage.refused"
   * when something is there, when its directory is missing (a stick that is not mounted), or lies within one of `apartFrom`;
   * else "platform.file". Returns the first of them that is on the same disk; null: none is.
   */
  createSecretFile(path: string, text: string, apartFrom: readonly ApartFrom[]): Promise<string | null>;
  /** A file that the operator named, whole. Throws "usage.invalid-value". */
  readText(path: string): Promise<string>;
  /** Replaces a file that everybody may read, in one step; when that fails, what was there is removed. Throws "platform.file". */
  replacePublicFile(path: string, text: string): Promise<void>;
  /** The file of the config's `http.tokenFile`. */
  tokenFile(path: string, statePath: string): TokenFile;
}

export interface FetchConfigWish {
  readonly config: Config;
  /** A file with the secret key. */
  readonly identity: string | null;
  readonly needs: Needs;
}

export interface FoundConfig {
  /** Of the file at the destination. */
  readonly name: string;
  readonly text: string | null;
}

/** A place that a secret must not lie in. */
export interface ApartFrom {
  readonly path: string;
  /** Why not, as half a sentence: "it is lost together with the backups". */
  readonly why: string;
}

export interface ServeWish {
  readonly configPath: string;
  readonly logLevel: "debug" | "info" | "warn";
  /** Takes one line of JSON with its newline; secrets are hidden in it already. */
  readonly writeLog: (line: string) => void;
  /** Registers what is done when the config is to be read anew. */
  readonly onHangup: (call: () => void) => void;
  readonly signal: AbortSignal;
}

/** What the operations may tell while they work. */
export interface Needs {
  readonly onProgress: OnProgress;
  readonly logLevel: "debug" | "warn" | "error";
  /** Secrets are hidden in it already. */
  readonly onLog: (entry: LogEntry) => void;
  /** A damaged catalog is moved aside and a new one begun, instead of an error. */
  readonly mendsCatalog: boolean;
}

export interface ExamineWish {
  /** As --config names it; null: the usual places. */
  readonly configPath: string | null;
  /** Empty: all. */
  readonly jobs: readonly string[];
  /** A command job to run once, for real. */
  readonly run: string | null;
  readonly fix: boolean;
  /** From inside of what cron would start. */
  readonly asCron: boolean;
  readonly signal: AbortSignal;
  readonly needs: Needs;
}

export interface DemoWish {
  readonly keep: boolean;
  /** Called with a line before each step. */
  readonly onStep: (line: string) => void;
  readonly signal: AbortSignal;
  readonly needs: Needs;
}

export interface DemoShown {
  readonly report: DemoReport;
  /** The report as people read it. */
  readonly lines: readonly string[];
}

export interface Opened {
  readonly operations: Operations;
  /** Where a damaged catalog was moved to; null when there was none. */
  readonly setAside: string | null;
  /** A run's log as far as it is written, oldest first; null when its file is gone. */
  readLog(runId: string): Promise<readonly LogEntry[] | null>;
  /** Waits; rejects with the signal's reason. */
  sleep(delayMs: number, signal: AbortSignal): Promise<void>;
  /** Ends every connection. */
  close(): Promise<void>;
}

/** One line of a log. */
export interface LogEntry {
  /** ISO 8601; null for a line that was cut by a crash. */
  readonly time: string | null;
  readonly level: string | null;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/**
 * Runs one command. Never throws and never ends the process: whatever goes wrong is told on the screen and
 * in the exit status. `argv` has neither the runtime nor the script in it.
 */
export async function runCli(argv: readonly string[], io: Io, tool: Tool): Promise<ExitStatus> {
  let session = createSession({ io, tool, flags: readGlobalFlags(argv) });
  let status: ExitStatus = 0;
  const said: string[] = [];
  const program = createProgram({
    version: tool.version,
    say: (text) => said.push(text),
    on(flags, act) {
      session = createSession({ io, tool, flags });
      return act(session).then((given) => {
        status = given;
      });
    },
  });
  try {
    await program.parseAsync([...argv], { from: "user" });
    return status;
  } catch (thrown) {
    const outcome = isUsageError(thrown) ? outcomeOfUsage(thrown, { program, argv, said }) : null;
    if (outcome?.kind === "version" || outcome?.kind === "help") return tellAsked(session, outcome);
    const failure = outcome?.failure ?? failureOf(session, thrown);
    const meant = commandMeant(program, argv);
    if (meant.name() === "check" && meant.parent === program) return tellUnknown(session, failure);
    session.screen.fail(failure);
    return exitStatusOf(failure);
  } finally {
    session.screen.close();
  }
}

/** What was asked for, and is no failure. */
function tellAsked(
  { screen, tool }: Session,
  outcome: Exclude<UsageOutcome, { kind: "failure" }>,
): ExitStatus {
  if (outcome.kind === "version") screen.answer(`${tool.version}\n`, { version: tool.version });
  else screen.answer(outcome.text, { help: outcome.text });
  return 0;
}

function failureOf({ io }: Session, thrown: unknown): Failure {
  const reason: unknown = io.signal.aborted ? io.signal.reason : thrown;
  return reason instanceof Failure ? reason : unexpected(reason);
}

/** A mistake of ours: nobody foresaw it, so it has no better name. */
function unexpected(thrown: unknown): Failure {
  const seen = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  return new Failure("run.internal", `Cannot go on: ${seen}`, {
    hint: "Run it again with -v and report what it prints.",
    cause: thrown,
  });
}
