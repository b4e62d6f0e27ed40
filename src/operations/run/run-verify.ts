import type { ReadingReport, VerifyReport } from "../../domain/backups/verify-report.ts";
import { budgetShortfall } from "../../domain/copies/reading-words.ts";
import { Failure } from "../../domain/failure.ts";
import type { VerifyJob } from "../../domain/jobs/job.ts";
import { describeCount, describeSize, listSome } from "../../domain/plain-words.ts";
import type { RunReport } from "../../domain/runs/run-report.ts";
import type { Context } from "../context.ts";
import { verifyInTurn } from "../verify/in-turn.ts";
import { attempt, type Work } from "./attempt.ts";
import type { JobRun } from "./job-run.ts";

/** The day's reading of copies, as a run with a row, a log and alerts of its own. */
export async function runVerify(
  context: Context,
  job: VerifyJob,
  { runId, slot, signal }: JobRun,
): Promise<readonly RunReport[]> {
  const facts = { runId, job: job.name, database: null, slot };
  return [await attempt(context, facts, (inner) => verifyWork(inner, signal))];
}

async function verifyWork(context: Context, signal: AbortSignal): Promise<Work> {
  const { budgetBytes } = context.reading;
  const { checks, reading } = await verifyInTurn(context, { budgetBytes, level: "hashed", signal });
  const damaged = checks.filter(({ outcome }) => outcome === "damaged");
  const unread = checks.filter(({ outcome }) => outcome === "failed");
  const budget = budgetShortfall(reading);
  return {
    outcome: damaged.length > 0 ? "failed" : unread.length > 0 ? "incomplete" : "complete",
    backup: null,
    copies: [],
    windowMs: null,
    warnings: [
      ...unread.map(
        ({ destination, failure }) => `nothing was read at "${destination}": ${failure?.message}`,
      ),
      ...checks.flatMap(({ warnings }) => warnings),
      ...(budget === null ? [] : [budget]),
    ],
    failure: damaged.length > 0 ? damageFailure(damaged) : null,
    summary: summaryOf(checks, reading),
  };
}

function summaryOf(checks: readonly VerifyReport[], { readBytes, copies }: ReadingReport): string {
  const read = checks.filter(({ outcome }) => outcome !== "failed");
  const damaged = read.filter(({ outcome }) => outcome === "damaged").length;
  const size = describeSize(readBytes);
  const end = damaged === 0 ? "all equal" : `${damaged} damaged`;
  return `${read.length} of ${describeCount(copies, "copy", "copies")} read, ${size}, ${end}`;
}

function damageFailure(damaged: readonly VerifyReport[]): Failure {
  const lines = damaged.map(
    ({ backup, destination, differences }) => `"${backup}" at "${destination}": ${differences[0] ?? ""}`,
  );
  return new Failure("backup.mismatch", `Cannot vouch for ${listSome(lines)}`, {
    hint: "Look at each with codex-backup verify, and bring it back from a good copy.",
  });
}
