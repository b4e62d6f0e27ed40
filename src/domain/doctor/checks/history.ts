import type { FailureReport } from "../../failure.ts";
import type { Health } from "../../health/health.ts";
import type { Outcome } from "../../outcome.ts";
import { describeAge, describeSubject } from "../../plain-words.ts";
import { type Diagnosis, diagnose, shellWord } from "../finding.ts";

export interface HistoryFacts {
  readonly job: string;
  readonly database: string | null;
  readonly health: Pick<Health, "healthy" | "reason">;
  /** The last one that has ended; null: there is none. */
  readonly lastRun: {
    readonly outcome: Outcome;
    readonly ageMs: number;
    readonly failure: FailureReport | null;
    readonly summary: string;
  } | null;
}

/** What last night left: the best forecast of tonight. */
export function judgeHistory(facts: HistoryFacts): readonly Diagnosis[] {
  const { job, database, health, lastRun } = facts;
  const subject = describeSubject(job, database);
  const commands = [`codex-backup logs --job ${shellWord(job)}`];
  const failed = lastRun === null ? null : judgeLastRun(subject, lastRun, commands);
  if (failed !== null) return [failed];
  if (!health.healthy)
    return [
      diagnose("history.stale", subject, {
        message: health.reason,
        commands: ["codex-backup status", ...commands],
      }),
    ];
  if (lastRun === null) return [diagnose("history.none", subject, "it has not run yet")];
  return [
    diagnose("history.ok", subject, `its last run, ${describeAge(lastRun.ageMs)} ago: ${lastRun.summary}`),
  ];
}

function judgeLastRun(
  subject: string,
  { outcome, ageMs, failure, summary }: NonNullable<HistoryFacts["lastRun"]>,
  commands: readonly string[],
): Diagnosis | null {
  if (outcome === "complete" || outcome === "skipped") return null;
  const seen =
    failure === null ? summary : [failure.message, failure.hint].filter((line) => line !== null).join("\n");
  const code = outcome === "failed" ? "history.failed" : "history.incomplete";
  const words = outcome === "failed" ? "failed" : "was incomplete";
  return diagnose(code, subject, {
    message: `its last run, ${describeAge(ageMs)} ago, ${words}: ${seen}`,
    commands,
  });
}
