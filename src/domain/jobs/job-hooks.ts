/** Programs of the operator's round each run of a job. */
export interface JobHooks {
  /** Before anything is taken: the first that does not end well ends the run. */
  readonly before: readonly HookProgram[];
  /** After a complete or incomplete run. */
  readonly after: readonly HookProgram[];
  /** After a failed run. */
  readonly failed: readonly HookProgram[];
  /** Wall-clock limit of each program. */
  readonly timeoutMs: number;
}

/** A program and its arguments; no shell. */
export type HookProgram = readonly [program: string, ...args: string[]];

export const hookMoments = ["before", "after", "failed"] as const;

export type HookMoment = (typeof hookMoments)[number];

/** sysexits' EX_TEMPFAIL: not now. The run is skipped, and nobody is to blame. */
export const deferredStatus = 75;
