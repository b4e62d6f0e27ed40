import type { Config } from "../config/config.ts";
import { messageOf } from "../domain/failure.ts";
import { formatRunLines } from "../domain/runs/run-line.ts";
import type { RunReport } from "../domain/runs/run-report.ts";
import { type StepNotes, tracesOf } from "../domain/runs/run-trace.ts";
import type { Operations } from "../operations/operation.ts";
import type { Clock } from "../platform/clock.ts";
import type { Log } from "../platform/log.ts";
import type { TraceOrigin } from "../telemetry/otlp-body.ts";

export interface Observing {
  readonly config: Pick<Config, "logs" | "telemetry">;
  readonly clock: Clock;
  readonly log: Log;
  readonly origin: TraceOrigin;
  readonly steps: StepNotes;
}

/**
 * The same operations, but what each run left is written to the log for people and sent as a trace, where the
 * config asks for it. Neither can change a run: it is over, and what goes wrong here is a line of the log.
 */
export function observed(operations: Operations, observing: Observing): Operations {
  const { logs, telemetry } = observing.config;
  if (logs.file === null && telemetry === null) return operations;
  return {
    ...operations,
    async run(options) {
      const reports = await operations.run(options);
      const told = [writeLines(reports, observing), sendTraces(reports, observing, options.signal)];
      for (const done of await Promise.allSettled(told)) {
        if (done.status === "rejected") observing.log.warn(messageOf(done.reason));
      }
      return reports;
    },
  };
}

async function writeLines(reports: readonly RunReport[], { config, clock, log }: Observing): Promise<void> {
  const { file: path, fileBytes, files, maxAgeMs } = config.logs;
  if (path === null) return;
  const { openRotatingFile } = await import("../platform/rotating-file.ts");
  const limits = { maxBytes: fileBytes, maxFiles: files, maxAgeMs };
  const file = openRotatingFile(path, limits, clock.now);
  for (const line of reports.flatMap(formatRunLines)) file.write(`${line}\n`);
  file.close();
  if (file.droppedLines() > 0)
    log.warn(`Cannot write log "${path}": ${file.droppedLines()} lines are missing in it`);
}

async function sendTraces(
  reports: readonly RunReport[],
  { config, clock, steps, origin }: Observing,
  signal: AbortSignal,
): Promise<void> {
  if (config.telemetry === null || reports.length === 0) return;
  const { createOtlpExporter } = await import("../telemetry/otlp-exporter.ts");
  const jobs = [...new Set(reports.map((report) => report.job))];
  const traces = jobs.flatMap((job) =>
    tracesOf(
      reports.filter((report) => report.job === job),
      steps.take(job),
    ),
  );
  await createOtlpExporter({ settings: config.telemetry, origin, clock }).send(traces, signal);
}
