/** How long the tool's own logs are kept, and the log for people. */
export interface LogsSettings {
  /** Logs of runs that are older go. */
  readonly maxAgeMs: number;
  /** Of all logs of runs together. */
  readonly maxBytes: number;
  /** A line for each run that ended; null: none. */
  readonly file: string | null;
  /** That file is turned when it would grow larger. */
  readonly fileBytes: number;
  /** So many turned ones are kept. */
  readonly files: number;
}
