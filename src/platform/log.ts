import { type DestinationStream, type Logger, multistream, pino, type StreamEntry } from "pino";
import { redact, type Secret } from "../domain/secret.ts";

/** What the rooms may say while they work; the line goes to the run's log file and, on demand, to stderr. */
export type Log = Pick<Logger, "debug" | "info" | "warn" | "error" | "child">;

export interface LogOptions {
  readonly level: "debug" | "info" | "warn" | "error" | "silent";
  readonly streams: readonly DestinationStream[];
  /** Called for each line, so that secrets loaded later are covered too. */
  readonly secrets: () => readonly Secret[];
}

/** One JSON line an entry; every line passes through the redactor before it is written. */
export function createLog(options: LogOptions): Log {
  const redacting = options.streams.map(
    (stream): StreamEntry => ({
      level: "debug",
      stream: { write: (line: string) => stream.write(redact(line, options.secrets())) },
    }),
  );
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    multistream(redacting),
  );
}

/** For tests, and for what has no run to log for. */
export function createSilentLog(): Log {
  return pino({ level: "silent" });
}
