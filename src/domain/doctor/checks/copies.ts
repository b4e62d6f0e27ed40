import type { AuditKind } from "../../copies/audit-finding.ts";
import type { ReportedRule } from "../../health/status-report.ts";
import { listSome } from "../../plain-words.ts";
import { type Diagnosis, diagnose } from "../finding.ts";

export interface CopiesCheckFacts {
  readonly subject: string;
  /** Null: it has no good backup, which others tell. */
  readonly rule: ReportedRule | null;
}

/** What the last audit of a destination has found there; each kind has one line. */
export interface AuditCheckFacts {
  readonly destination: string;
  readonly findings: readonly { readonly kind: AuditKind; readonly name: string }[];
}

/** What is missing and altered is told of its backup; files of others are nobody's trouble. */
export function judgeAudit({ destination, findings }: AuditCheckFacts): readonly Diagnosis[] {
  const namesOf = (kind: AuditKind) => findings.filter((one) => one.kind === kind).map(({ name }) => name);
  const told = [
    {
      code: "copies.unknown",
      kind: "unknown",
      words: "the catalog does not know there",
      commands: ["codex-backup catalog rebuild"],
    },
    {
      code: "copies.orphaned",
      kind: "orphaned",
      words: "without a manifest lie",
      commands: ["codex-backup catalog check"],
    },
    {
      code: "copies.over-retained",
      kind: "over-retained",
      words: "still there after policy was done with them:",
      commands: [],
    },
  ] as const;
  return told.flatMap(({ code, kind, words, commands }) => {
    const names = namesOf(kind);
    if (names.length === 0) return [];
    const message = `${words} ${listSome(names)}`;
    return [diagnose(code, destination, { message, commands })];
  });
}

/** One calm line: a single directory is what many have, and what they should know. */
export function judgeCopies({ subject, rule }: CopiesCheckFacts): readonly Diagnosis[] {
  if (rule === null) return [];
  return [diagnose(rule.lacking.length === 0 ? "copies.ok" : "copies.rule", subject, rule.summary)];
}
