import { type FailureCode, type FailureMeaning, failureTable } from "./failure-table.ts";

export interface FailureDetails {
  /** One imperative sentence: what the operator can do next. */
  readonly hint?: string;
  /** Plain facts for logs and JSON; never a secret. */
  readonly context?: Readonly<Record<string, string | number | boolean | null>>;
  readonly cause?: unknown;
}

/**
 * The one error class. `message` reads "Cannot <verb> <thing>: <what was seen>", without a full stop
 * and without secrets. What the code means (exit status, retry) stands in failure-table.ts.
 */
export class Failure extends Error {
  readonly code: FailureCode;
  readonly hint: string | null;
  readonly context: Readonly<Record<string, string | number | boolean | null>>;

  constructor(code: FailureCode, message: string, details: FailureDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "Failure";
    this.code = code;
    this.hint = details.hint ?? null;
    this.context = details.context ?? {};
  }

  get meaning(): FailureMeaning {
    return failureTable[this.code];
  }
}

/**
 * Translates whatever was thrown, once, at a door. A Failure passes unchanged (never wrapped in another);
 * anything else becomes `code` with the original as cause.
 */
export function asFailure(thrown: unknown, code: FailureCode, doing: string): Failure {
  if (thrown instanceof Failure) return thrown;
  return new Failure(code, `${doing}: ${messageOf(thrown)}`, { cause: thrown });
}

/** The message of anything that can be thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** Node's error code ("ENOENT", …) of a thrown system error; null if it has none. */
export function errnoOf(thrown: unknown): string | null {
  if (!(thrown instanceof Error) || !("code" in thrown)) return null;
  return typeof thrown.code === "string" ? thrown.code : null;
}

/** The failure as clients see it in JSON. */
export interface FailureReport {
  readonly code: FailureCode;
  readonly message: string;
  readonly hint: string | null;
}

/** Without context and cause: those are for the log. */
export function reportOf(failure: Failure): FailureReport {
  return { code: failure.code, message: failure.message, hint: failure.hint };
}

/** As JSON gave it back; null for what is none. A code that this version does not know becomes "run.internal". */
export function readFailureReport(value: unknown): FailureReport | null {
  if (typeof value !== "object" || value === null) return null;
  if (!("code" in value) || !("message" in value) || !("hint" in value)) return null;
  const { code, message, hint } = value;
  if (typeof code !== "string" || typeof message !== "string") return null;
  if (hint !== null && typeof hint !== "string") return null;
  return { code: isFailureCode(code) ? code : "run.internal", message, hint };
}

function isFailureCode(code: string): code is FailureCode {
  return Object.hasOwn(failureTable, code);
}
