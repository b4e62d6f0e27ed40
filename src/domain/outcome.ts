import { Failure } from "./failure.ts";

/** How a run ended. "incomplete": whole, but something that should be in it is not (listed). */
export type Outcome = "complete" | "incomplete" | "failed" | "skipped";

export type ExitStatus = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 130 | 143;

/** Of several jobs, the first that applies wins (DESIGN 3); interruption outranks all. */
const precedence: readonly ExitStatus[] = [143, 130, 2, 1, 4, 3, 5, 6, 0];

/** 0 where there is none. */
export function combineExitStatuses(statuses: readonly ExitStatus[]): ExitStatus {
  return precedence.find((status) => statuses.includes(status)) ?? 0;
}

/** 1 for what is no Failure. */
export function exitStatusOf(thrown: unknown): ExitStatus {
  return thrown instanceof Failure ? thrown.meaning.exit : 1;
}
