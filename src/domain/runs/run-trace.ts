import { type Instant, instant } from "../instant.ts";
import type { Progress } from "./progress.ts";
import type { RunReport } from "./run-report.ts";

/** One run and its steps, for a collector of traces. */
export interface RunTrace {
  readonly report: RunReport;
  readonly startedAt: Instant;
  readonly endedAt: Instant;
  /** In the order of their start. */
  readonly steps: readonly TracedStep[];
}

export interface TracedStep {
  readonly name: Progress["step"];
  readonly startedAt: Instant;
  readonly endedAt: Instant;
  readonly doneBytes: number;
}

/** Notes when each step of a job was first and last heard of. */
export interface StepNotes {
  note(progress: Progress, at: Instant): void;
  /** What was heard of this job since the last time, which is then forgotten. */
  take(job: string): readonly TracedStep[];
}

/** See StepNotes. Holds one entry for each step of a job until it is taken. */
export function createStepNotes(): StepNotes {
  const jobs = new Map<string, Map<Progress["step"], TracedStep>>();
  return {
    note({ subject, step, doneBytes }, at) {
      const steps = jobs.get(subject) ?? new Map<Progress["step"], TracedStep>();
      jobs.set(subject, steps);
      const startedAt = steps.get(step)?.startedAt ?? at;
      steps.set(step, { name: step, startedAt, endedAt: at, doneBytes });
    },
    take(job) {
      const steps = [...(jobs.get(job)?.values() ?? [])];
      jobs.delete(job);
      return steps;
    },
  };
}

/**
 * The traces of a job's runs. A job with several databases makes several runs one after the other: each step
 * belongs to the run in whose time it began.
 */
export function tracesOf(reports: readonly RunReport[], steps: readonly TracedStep[]): readonly RunTrace[] {
  return reports.map((report) => {
    const startedAt = instant(Date.parse(report.startedAt));
    const endedAt = instant(startedAt + Math.max(0, Math.round(report.durationMs)));
    const own = steps.filter((step) => step.startedAt >= startedAt && step.startedAt <= endedAt);
    return { report, startedAt, endedAt, steps: own };
  });
}
