import type { ReportedRule } from "../../health/status-report.ts";
import { type Diagnosis, diagnose } from "../finding.ts";

export interface CopiesCheckFacts {
  readonly subject: string;
  /** Null: it has no good backup, which others tell. */
  readonly rule: ReportedRule | null;
}

/** One calm line: a single directory is what many have, and what they should know. */
export function judgeCopies({ subject, rule }: CopiesCheckFacts): readonly Diagnosis[] {
  if (rule === null) return [];
  return [diagnose(rule.lacking.length === 0 ? "copies.ok" : "copies.rule", subject, rule.summary)];
}
