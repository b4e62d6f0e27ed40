import type { HookMoment } from "../jobs/job-hooks.ts";
import type { Outcome } from "../outcome.ts";

/** What a hook is told of its run. */
export interface HookFacts {
  readonly moment: HookMoment;
  readonly job: string;
  readonly kind: string;
  readonly runId: string;
  readonly database: string | null;
  /** ISO 8601; null: by hand. */
  readonly slot: string | null;
  /** Null as long as the run has not come to one, and so are the others below. */
  readonly outcome: Outcome | null;
  /** The backup's name. */
  readonly backup: string | null;
  /** Path of its manifest, where a file of this machine can be named. */
  readonly manifest: string | null;
  /** Code and message of what went wrong. */
  readonly failure: { readonly code: string; readonly message: string } | null;
}

/** The variables of a hook; what is not known has none, so that a script can ask whether it is set. */
export function hookEnvironment(facts: HookFacts): Readonly<Record<string, string>> {
  const named = {
    CODEX_BACKUP_HOOK: facts.moment,
    CODEX_BACKUP_JOB: facts.job,
    CODEX_BACKUP_KIND: facts.kind,
    CODEX_BACKUP_RUN: facts.runId,
    CODEX_BACKUP_DATABASE: facts.database,
    CODEX_BACKUP_SLOT: facts.slot,
    CODEX_BACKUP_OUTCOME: facts.outcome,
    CODEX_BACKUP_BACKUP: facts.backup,
    CODEX_BACKUP_MANIFEST: facts.manifest,
    CODEX_BACKUP_FAILURE: facts.failure?.code ?? null,
    CODEX_BACKUP_MESSAGE: facts.failure?.message ?? null,
  };
  // A NUL cannot stand in an environment; the system would refuse to start the program.
  const known = Object.entries(named).flatMap(([name, value]) =>
    value === null ? [] : [[name, value.replaceAll("\0", " ")] as const],
  );
  return Object.fromEntries(known);
}
