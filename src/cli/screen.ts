import { type Failure, reportOf } from "../domain/failure.ts";
import type { OnProgress } from "../domain/runs/progress.ts";
import { redact, type Secret } from "../domain/secret.ts";
import type { Io, LogEntry, Tool } from "./cli.ts";
import type { GlobalFlags } from "./global-flags.ts";
import { createPaint, type Paint } from "./paint.ts";
import { printable } from "./printable.ts";
import { createProgressLine } from "./progress-line.ts";
import { renderFailure } from "./render/failure.ts";
import { renderLogEntry } from "./render/log-entry.ts";

/** Everything that a command says, in the form that was asked for. */
export interface Screen {
  readonly isJson: boolean;
  /** For stdout. */
  readonly paint: Paint;
  /** For stderr. */
  readonly errorPaint: Paint;
  /** Lines for people, on stdout; nothing with --json or -q. A function is asked only when they are shown. */
  print(text: string | (() => string)): void;
  /** What was asked for itself, such as a script or a schema: on stdout also with -q; with --json the document. */
  answer(text: string, document: Readonly<Record<string, unknown>>): void;
  /** The one JSON document, with its schemaVersion; nothing without --json. */
  document(value: Readonly<Record<string, unknown>>): void;
  /** A line for people on stderr that -q silences; nothing with --json. */
  warn(text: string): void;
  /** A line for people on stderr, also with -q; nothing with --json, whose document has it. */
  complain(text: string): void;
  /** How a command ends that could not do its work: on stderr, or as the document. */
  fail(failure: Failure): void;
  /** A line of the log, on stderr. */
  log(entry: LogEntry): void;
  readonly progress: OnProgress;
  /** Secrets known from now on are never shown in failures. */
  hide(secrets: readonly Secret[]): void;
  /** Clears the progress line. May be called twice. */
  close(): void;
}

export interface ScreenParts {
  readonly io: Io;
  readonly tool: Pick<Tool, "monotonicMs">;
  readonly flags: GlobalFlags;
}

/**
 * Results go to stdout, everything else to stderr; progress only to a terminal that is not dumb, and neither with
 * --quiet nor with --verbose.
 */
export function createScreen({ io, tool, flags }: ScreenParts): Screen {
  const { isJson, verbosity, isColorWanted } = flags;
  const paint = createPaint({ writer: io.stdout, env: io.env, isWanted: isColorWanted });
  const errorPaint = createPaint({ writer: io.stderr, env: io.env, isWanted: isColorWanted });
  const isProgressShown = io.stderr.isTerminal && verbosity === "normal" && io.env.TERM !== "dumb";
  const line = createProgressLine({
    writer: io.stderr,
    monotonicMs: tool.monotonicMs,
    isShown: isProgressShown,
  });
  let secrets: readonly Secret[] = [];
  let isAnswered = false;

  const toStdout = (text: string) => {
    line.clear();
    io.stdout.write(text);
  };
  const toStderr = (text: string) => {
    line.clear();
    io.stderr.write(`${printable(redact(text, secrets)).trimEnd()}\n`);
  };
  const document = (value: Readonly<Record<string, unknown>>) => {
    if (!isJson || isAnswered) return;
    isAnswered = true;
    toStdout(`${JSON.stringify({ schemaVersion: 1, ...value }, null, 2)}\n`);
  };
  const shownOf = (failure: Failure) => {
    const { code, message, hint } = reportOf(failure);
    return { code, message: redact(message, secrets), hint: hint === null ? null : redact(hint, secrets) };
  };
  return {
    isJson,
    paint,
    errorPaint,
    print(given) {
      if (isJson || verbosity === "quiet") return;
      const text = printable(typeof given === "string" ? given : given()).trimEnd();
      if (text !== "") toStdout(`${text}\n`);
    },
    answer: (text, value) => (isJson ? document(value) : toStdout(text)),
    document,
    warn: (text) => {
      if (!isJson && verbosity !== "quiet") toStderr(text);
    },
    complain: (text) => {
      if (!isJson) toStderr(text);
    },
    fail(failure) {
      document({ error: shownOf(failure) });
      if (!isJson) toStderr(renderFailure(failure, errorPaint));
      if (verbosity === "verbose") toStderr(stackOf(failure));
    },
    log: (entry) => toStderr(renderLogEntry(entry, errorPaint)),
    progress: line.show,
    hide: (more) => {
      secrets = more;
    },
    close: line.clear,
  };
}

/** Of the first cause: where it all began. */
function stackOf(failure: Failure): string {
  const { cause } = failure;
  if (cause instanceof Error) return cause.stack ?? String(cause);
  return failure.stack ?? String(failure);
}
