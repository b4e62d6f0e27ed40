import type { Command } from "commander";
import { asFailure, Failure, reportOf } from "../../domain/failure.ts";
import { type CheckLimits, checkStates } from "../../domain/health/check-verdict.ts";
import type { ExitStatus } from "../../domain/outcome.ts";
import { addExamples, type Bind } from "../command.ts";
import { type CheckReport, formatCheckLine, judgeStatus } from "../render/check.ts";
import { type Session, withOperations } from "../session.ts";
import { durationOf } from "../values.ts";

interface CheckFlags {
  readonly job?: string;
  readonly warning?: number;
  readonly critical?: number;
}

interface Asked extends CheckLimits {
  readonly job: string | null;
}

export function registerCheck(parent: Command, bind: Bind): void {
  const command = parent
    .command("check")
    .description(
      "Plugin for Nagios and Icinga: one line with performance data. Ends with 0 ok, 1 warning, 2 critical, 3 unknown, whatever happens.",
    )
    .option("--job <job>", "only this job")
    .option("--warning <time>", "age of the newest good backup, such as 26h", durationOf("--warning"))
    .option("--critical <time>", "as --warning", durationOf("--critical"));
  addExamples(command, [
    ["codex-backup check", "as status judges it"],
    [
      "codex-backup check --job database --warning 26h --critical 50h",
      "by the age of its newest good backup",
    ],
  ]);
  bind<CheckFlags>(command, (_words, { job = null, warning = null, critical = null }) => (session) => {
    return check(session, { job, warningMs: warning, criticalMs: critical });
  });
}

/** Never throws: monitoring reads the first line and the status, and takes 1 and 2 for states. */
async function check(session: Session, asked: Asked): Promise<ExitStatus> {
  try {
    demandOrder(asked);
    return await withOperations(session, "closed", async ({ operations, config }) => {
      const known = config.jobs.map(({ name }) => name);
      if (asked.job !== null && !known.includes(asked.job)) throw unknownJob(asked.job, known);
      return tell(session, judgeStatus(await operations.status(), asked));
    });
  } catch (thrown) {
    const reason: unknown = session.io.signal.aborted ? session.io.signal.reason : thrown;
    return tellUnknown(session, asFailure(reason, "run.internal", "Cannot check"));
  }
}

/** Also for a line that cannot be understood. */
export function tellUnknown({ screen }: Pick<Session, "screen">, failure: Failure): ExitStatus {
  const line = formatCheckLine({ state: "UNKNOWN", words: [failure.message], data: [] });
  screen.answer(`${line}\n`, { state: "UNKNOWN", line, error: reportOf(failure) });
  return 3;
}

function tell({ screen }: Session, report: CheckReport): ExitStatus {
  const line = formatCheckLine(report);
  screen.answer(`${line}\n`, {
    state: report.state,
    line,
    jobs: report.jobs,
    destinations: report.destinations,
  });
  return statusOf(report.state);
}

function statusOf(state: CheckReport["state"]): ExitStatus {
  const statuses = { OK: 0, WARNING: 1, CRITICAL: 2, UNKNOWN: 3 } as const;
  return statuses[checkStates.find((one) => one === state) ?? "UNKNOWN"];
}

function demandOrder({ warningMs, criticalMs }: Asked): void {
  if (warningMs === null || criticalMs === null || warningMs <= criticalMs) return;
  throw new Failure("usage.invalid-value", "Cannot check: --warning is longer than --critical", {
    hint: "Give --warning the shorter time.",
  });
}

function unknownJob(job: string, known: readonly string[]): Failure {
  const names = known.map((name) => `"${name}"`).join(", ");
  return new Failure("usage.unknown-job", `Cannot find job "${job}": the config has ${names}`, {
    hint: "Name one of these jobs.",
  });
}
