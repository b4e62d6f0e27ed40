import { Failure } from "../../domain/failure.ts";
import { type ChildEnd, describeEnd } from "../../platform/child.ts";

/** What psql printed with VERBOSITY=verbose: "psql:<stdin>:12: ERROR:  42P01: relation … does not exist". */
export interface PsqlMessages {
  readonly error: { readonly sqlstate: string; readonly message: string } | null;
  readonly warnings: readonly string[];
}

/** What the server calls what is no error, when its messages are in English: any SQLSTATE can come with them. */
const harmless: ReadonlySet<string> = new Set(["WARNING", "NOTICE", "INFO", "LOG", "DEBUG"]);

/** Severity words may be translated, and then the SQLSTATE decides; the shape `WORD:  SQLSTATE: text` never is. */
export function parsePsqlMessages(stderr: string): PsqlMessages {
  let error: PsqlMessages["error"] = null;
  const warnings: string[] = [];
  for (const line of stderr.split("\n")) {
    const found = /^(?:psql:[^ ]* )?(\S+):\s+([0-9A-Z]{5}): (.*)$/.exec(line);
    if (!found) continue;
    const [, severity = "", sqlstate = "", message = ""] = found;
    // Classes 00, 01 and 02 are success, warning and no data.
    if (harmless.has(severity) || /^0[012]/.test(sqlstate)) warnings.push(message);
    else error ??= { sqlstate, message };
  }
  return { error, warnings };
}

const hints: Readonly<Record<string, string>> = {
  "53200": "Raise max_locks_per_transaction on the server: the restore is one transaction.",
  "53100": "Make space on the server's disk.",
  "58P01": "Install the extension's package, or the library that is named, for that server.",
  "0A000": "Install what the server lacks, such as the package of an extension.",
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
