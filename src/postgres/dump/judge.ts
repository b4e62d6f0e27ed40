import { Failure } from "../../domain/failure.ts";
import type { FailureCode } from "../../domain/failure-table.ts";
import { type ChildEnd, describeEnd } from "../../platform/child.ts";

/** What pg_dump printed, taken apart. */
export interface DumpMessages {
  /** Each with its detail and hint on the same line. */
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

/** pg_dump's own words are English under LC_ALL=C: "pg_dump: error: …", "pg_dump: detail: …". */
export function parseMessages(stderr: string): DumpMessages {
  const errors: string[] = [];
  const warnings: string[] = [];
  let current: string[] | null = null;
  for (const line of stderr.split("\n").filter((one) => one.trim() !== "")) {
    const [, level = "", text = line] = /^pg_\w+: (?:(\w+): )?(.*)$/.exec(line) ?? [];
    if (level === "error" || level === "fatal") current = errors;
    else if (level === "detail" || level === "hint" || !line.startsWith("pg_")) {
      const last = current?.pop();
      (current ?? warnings).push(last === undefined ? line.trim() : `${last} (${text.trim()})`);
      continue;
    } else current = warnings;
    current.push(text);
  }
  return { errors, warnings };
}

/**
 * Decides how a dump ended; returns its warnings. Errors on stderr count also with exit status 0. Throws
 * "postgres.dump-failed", "…dump-stderr", "…lock-timeout", "…permission", "…row-security".
 */
export function judgeDump(end: ChildEnd, database: string): readonly string[] {
  const { errors, warnings } = parseMessages(end.stderr);
  const [first] = errors;
  if (end.kind === "exited" && end.code === 0) {
    if (first === undefined) return warnings;
    throw new Failure(
      "postgres.dump-stderr",
      `Cannot trust the dump of "${database}": pg_dump printed "${first}" although it ended well`,
      { hint: "Run the same pg_dump by hand and mend what it complains about." },
    );
  }
  const seen = first ?? warnings.at(-1);
  const what = seen === undefined ? describeEnd(end) : `${seen} (${describeEnd(end)})`;
  const [code, hint] = meaningOf(seen ?? "");
  throw new Failure(code, `Cannot dump "${database}": ${what}`, { hint, context: { database } });
}

/**
 * pg_dump prints no SQLSTATE. The privileges and locks were checked before, so these words only matter for
 * what changed since; a server that speaks another language falls through to "dump-failed".
 */
function meaningOf(seen: string): readonly [FailureCode, string] {
  if (/row-level security/.test(seen)) return ["postgres.row-security", "Give the role BYPASSRLS."];
  if (/permission denied/.test(seen)) return ["postgres.permission", "Grant the role the right to read it."];
  if (/statement timeout|lock timeout/.test(seen) && /LOCK TABLE/.test(seen)) {
    return ["postgres.lock-timeout", "Run the backup when no DDL runs, or raise postgres.lockWait."];
  }
  if (/conflict with recovery/.test(seen)) {
    return ["postgres.dump-failed", "Set hot_standby_feedback = on on the standby, or dump the primary."];
  }
  return ["postgres.dump-failed", "See the server's log; the next run tries again."];
}
