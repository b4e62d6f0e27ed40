/**
 * Demo: the whole thing once, on an embedded PostgreSQL with sample data, in a directory of its own.
 *
 * Owns: the sample database and artifact tree, starting and stopping the embedded server, the order of the
 * show. Refuses: to do anything that the tool itself does not do for an operator (it goes through the
 * operations), to touch anything outside of its directory.
 * May go to: the door of operations, config (types), platform, domain.
 */
import type { Operations } from "../operations/operation.ts";
import type { Clock } from "../platform/clock.ts";

export interface DemoParts {
  /** Builds the tool over a config file, as for any other command. */
  openTool(configPath: string): Promise<DemoTool>;
  readonly clock: Clock;
  /** PATH and the like, for the client programs. */
  readonly childEnv: Readonly<Record<string, string>>;
  /** Where directories of our own may be made. */
  readonly temporaryPath: string;
  /** One line before each step. */
  onStep(line: string): void;
  readonly signal: AbortSignal;
}

export interface DemoTool {
  readonly operations: Operations;
  close(): Promise<void>;
}

export interface DemoOptions {
  /** Leave directory and files for a look; the server is stopped all the same. */
  readonly keep: boolean;
}

export interface DemoReport {
  readonly directory: string;
  readonly isKept: boolean;
  readonly server: string;
  readonly steps: readonly DemoStep[];
  readonly files: readonly { readonly path: string; readonly sizeBytes: number }[];
  /** Each table of both databases, by row count and a hash taken by SQL. */
  readonly tables: readonly DemoTable[];
  readonly isEqual: boolean;
  readonly durationMs: number;
}

export interface DemoStep {
  readonly what: string;
  readonly result: string;
  readonly durationMs: number;
  readonly isOk: boolean;
}

export interface DemoTable {
  readonly name: string;
  readonly rows: number;
  readonly isEqual: boolean;
}
