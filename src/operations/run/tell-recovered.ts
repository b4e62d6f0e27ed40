import { messageOf } from "../../domain/failure.ts";
import type { RunReport } from "../../domain/runs/run-report.ts";
import type { Context, RunLog } from "../context.ts";

/** The same context, but the log of this run begins with what recovery did before it. */
export function loggingRecovered(context: Context, runId: string, lines: readonly string[]): Context {
  return {
    ...context,
    openRunLog(asked): RunLog {
      const runLog = context.openRunLog(asked);
      if (asked === runId) for (const line of lines) runLog.log.warn({}, line);
      return runLog;
    },
  };
}

/** What recovery did becomes warnings of the first report and of its row. */
export function tellRecovered(
  context: Context,
  reports: readonly RunReport[],
  lines: readonly string[],
): readonly RunReport[] {
  const [first, ...others] = reports;
  if (first === undefined || lines.length === 0) return reports;
  const told = { ...first, warnings: [...lines, ...first.warnings] };
  try {
    const row = context.catalog.run(first.runId);
    if (row !== null) context.catalog.updateRun({ ...row, warnings: told.warnings });
  } catch (error) {
    // The run has ended, whatever becomes of its row.
    context.log.error({ runId: first.runId, error: messageOf(error) }, "cannot record what was recovered");
  }
  return [told, ...others];
}
