import { messageOf } from "../../domain/failure.ts";
import type { Job } from "../../domain/jobs/job.ts";
import { describeSubject } from "../../domain/plain-words.ts";
import type { ProofReport } from "../../domain/proofs/proof-report.ts";
import type { RunReport } from "../../domain/runs/run-report.ts";
import type { Context } from "../context.ts";
import { enqueuePing } from "./enqueue.ts";
import { factsAfterRun } from "./facts.ts";
import { tell } from "./tell.ts";

/** A run has begun: whoever watches from outside is told. Never throws, and never waits for a network. */
export function tellStarted(context: Context, job: Job, runId: string): void {
  const { alerts, catalog, clock, log, host } = context;
  if (alerts === null || !alerts.pinged.has(job.name)) return;
  try {
    const body = `${job.name} started on ${host.name}`;
    catalog.atomically(() => enqueuePing({ catalog, clock }, { job: job.name, kind: "start", runId, body }));
    alerts.startDelivery();
  } catch (error) {
    log.warn({ job: job.name, error: messageOf(error) }, "cannot tell that the run has started");
  }
}

/**
 * A run has ended, however it ended: what is new is put on its way, and a process of its own delivers it.
 * Never throws; what could not be noted is a warning of the first report.
 */
export function tellEnded(context: Context, job: Job, reports: readonly RunReport[]): readonly RunReport[] {
  const { alerts } = context;
  if (alerts === null || reports.length === 0) return reports;
  try {
    const { catalog } = context;
    catalog.atomically(() => {
      tell(context, alerts, { facts: factsAfterRun(context, job), toldBefore: null });
      pingEnd(context, job, reports);
    });
    if (catalog.undelivered().length > 0) alerts.startDelivery();
    return reports;
  } catch (error) {
    const warning = `nobody is told of this run: ${messageOf(error)}`;
    context.log.warn({ job: job.name }, warning);
    const [first, ...others] = reports;
    return first === undefined ? [] : [{ ...first, warnings: [...first.warnings, warning] }, ...others];
  }
}

/**
 * A proof by hand has ended: what it found is told as that of a planned one is. Never throws; what could not be noted is a
 * warning of the report.
 */
export function tellProved(context: Context, report: ProofReport): ProofReport {
  const { alerts, catalog, jobs } = context;
  const job = jobs.find(({ name }) => name === report.job);
  if (alerts === null || job === undefined) return report;
  try {
    tell(context, alerts, { facts: factsAfterRun(context, job), toldBefore: null });
    if (catalog.undelivered().length > 0) alerts.startDelivery();
    return report;
  } catch (error) {
    const warning = `nobody is told of this proof: ${messageOf(error)}`;
    context.log.warn({ job: job.name }, warning);
    return { ...report, warnings: [...report.warnings, warning] };
  }
}

/** A run that found its job busy says nothing: the one that is at it will. */
function pingEnd({ alerts, catalog, clock }: Context, job: Job, reports: readonly RunReport[]): void {
  const [first] = reports;
  const isSkipped = reports.every(({ outcome }) => outcome === "skipped");
  if (first === undefined || isSkipped || !alerts?.pinged.has(job.name)) return;
  const isGood = reports.every(({ outcome }) => outcome === "complete");
  const body = reports.map(describe).join("\n");
  const { runId } = first;
  enqueuePing({ catalog, clock }, { job: job.name, kind: isGood ? "success" : "fail", runId, body });
}

function describe({ job, database, summary, failure }: RunReport): string {
  return `${describeSubject(job, database)}: ${summary}${failure === null ? "" : `\n${failure.message}`}`;
}
