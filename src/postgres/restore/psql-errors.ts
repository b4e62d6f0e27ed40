import { Failure } from "../../domain/failure.ts";
import { type ChildEnd, describeEnd } from "../../platform/child.ts";

/** What psql printed with VERBOSITY=verbose: "psql:<stdin>:12: ERROR:  42P01: relation … does not exist". */
export interface PsqlMessages {
  readonly error: { readonly sqlstate: string; readonly message: string } | null;
  readonly warnings: readonly string[];
}

/** Severity words are the server's own and may be translated; the shape `WORD:  SQLSTATE: text` never is. */
export function parsePsqlMessages(stderr: string): PsqlMessages {
  let error: PsqlMessages["error"] = null;
  const warnings: string[] = [];
  for (const line of stderr.split("\n")) {
    const found = /^(?:psql:[^ ]* )?\S+:\s+([0-9A-Z]{5}): (.*)$/.exec(line);
    if (!found) continue;
    const [, sqlstate = "", message = ""] = found;
    // Classes 00, 01 and 02 are success, warning and no data.
    if (/^0[012]/.test(sqlstate)) warnings.push(message);
    else error ??= { sqlstate, message };
  }
  return { error, warnings };
}

const hints: Readonly<Record<string, string>> = {
  "53200": "Raise max_locks_per_transaction on the server: the restore is one transaction.",
  "53100": "Make space on the server's disk.",
  "42704": "Create what is missing (roles: --roles missing), or restore with --no-owner.",
  "42501": "Restore as a superuser, or with --no-owner.",
};

/** The failure for a psql that did not get to the end of the dump. */
export function restoreFailed(database: string, end: ChildEnd): Failure {
  const { error } = parsePsqlMessages(end.stderr);
  const last = end.stderr.trim().split("\n").at(-1) ?? "";
  const seen = error?.message ?? (last === "" ? describeEnd(end) : `${last} (${describeEnd(end)})`);
  return new Failure("postgres.restore-failed", `Cannot restore into "${database}": ${seen}`, {
    hint: (error && hints[error.sqlstate]) ?? "Mend what the server complains about and restore again.",
    context: { database, sqlstate: error?.sqlstate ?? null },
  });
}
