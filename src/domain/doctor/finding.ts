import type { FileOwner } from "../jobs/job.ts";
import type { ExitStatus } from "../outcome.ts";
import { type CheckCode, type CheckMeaning, checkTable } from "./check-table.ts";

/**
 * blocker: tonight will fail. warning: tonight works, but should be mended. note: good to know. unknown: it could
 * not be looked at, which is never ok.
 */
export type Severity = "blocker" | "warning" | "note" | "unknown" | "ok";

/** One thing that a check saw. */
export interface Finding {
  /** The first part of the code. */
  readonly check: string;
  readonly code: CheckCode;
  readonly severity: Severity;
  /** What it is about: a job, a destination, a path. */
  readonly subject: string;
  readonly message: string;
  /** What to type, in this order; real names, paths and modes in it. Empty: nothing, or nothing that a command could do. */
  readonly commands: readonly string[];
  /** `doctor --fix` has mended it just now; the message says how. */
  readonly isFixed: boolean;
}

/** What `doctor --fix` may do by itself: nothing that could hide a problem or touch data. */
export type Remedy =
  | {
      readonly kind: "make-directory";
      readonly path: string;
      readonly mode: number;
      readonly owner: FileOwner | null;
    }
  | { readonly kind: "initialise"; readonly destination: string }
  | { readonly kind: "make-signing-key" }
  | { readonly kind: "set-modes"; readonly paths: readonly string[]; readonly mode: number };

/** A finding with what would mend it. */
export interface Diagnosis extends Finding {
  readonly remedy: Remedy | null;
}

interface Told {
  readonly message: string;
  readonly commands?: readonly string[];
  readonly remedy?: Remedy;
}

/** A finding of the table's severity. */
export function diagnose(code: CheckCode, subject: string, told: Told | string): Diagnosis {
  const { message, commands = [], remedy = null } = typeof told === "string" ? { message: told } : told;
  const { severity } = checkTable[code];
  return { check: areaOf(code), code, severity, subject, message, commands, isFixed: false, remedy };
}

/** "schedule" of "schedule.nobody". */
export function areaOf(code: string): string {
  return code.slice(0, code.indexOf("."));
}

/** The finding as it is shown: without what would mend it. */
export function findingOf({ remedy: _remedy, ...finding }: Diagnosis): Finding {
  return finding;
}

/** 1 when tonight will fail, 3 when something that tonight needs could not be looked at, else 0. */
export function exitOfFindings(findings: readonly Pick<Finding, "code" | "isFixed">[]): ExitStatus {
  const open = findings.filter(({ isFixed }) => !isFixed).map(({ code }): CheckMeaning => checkTable[code]);
  if (open.some(({ severity }) => severity === "blocker")) return 1;
  return open.some((row) => row.severity === "unknown" && row.isNeeded === true) ? 3 : 0;
}

/** One word of a shell line, quoted when it must be. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** "0700" */
export function octal(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, "0");
}
