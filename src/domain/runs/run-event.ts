import { formatInstant, type Instant, parseInstant } from "../instant.ts";
import { parseJson } from "../json.ts";
import type { Progress } from "./progress.ts";
import type { RunReport } from "./run-report.ts";

/** What happens to a run of a job, for whoever watches. */
export type RunEvent =
  | { readonly kind: "started"; readonly job: string; readonly runId: string; readonly slot: Instant | null }
  | { readonly kind: "progress"; readonly job: string; readonly runId: string; readonly progress: Progress }
  | {
      readonly kind: "ended";
      readonly job: string;
      readonly runId: string;
      readonly reports: readonly RunReport[];
    };

/** One line of JSON without its newline: how a run tells another process of itself (`run --events`). */
export function formatRunEvent(event: RunEvent): string {
  const { kind, ...fields } = event;
  const slot = event.kind === "started" && event.slot !== null ? formatInstant(event.slot) : null;
  return JSON.stringify({ event: kind, ...fields, ...(event.kind === "started" ? { slot } : {}) });
}

/** Reads formatRunEvent's line; null for anything else, such as what a library has printed. */
export function parseRunEvent(line: string): RunEvent | null {
  const value = parseObject(line);
  if (value === null) return null;
  const { event, job, runId, slot, progress, reports } = value;
  if (typeof job !== "string" || typeof runId !== "string") return null;
  if (event === "started")
    return { kind: event, job, runId, slot: typeof slot === "string" ? parseInstant(slot) : null };
  if (event === "progress" && isProgress(progress)) return { kind: event, job, runId, progress };
  if (event === "ended" && isReports(reports)) return { kind: event, job, runId, reports };
  return null;
}

function parseObject(line: string): Readonly<Record<string, unknown>> | null {
  const value = parseJson(line);
  return typeof value === "object" && value !== null ? { ...value } : null;
}

function isProgress(value: unknown): value is Progress {
  if (typeof value !== "object" || value === null) return false;
  return "subject" in value && "step" in value && "doneBytes" in value && typeof value.doneBytes === "number";
}

/** The writer is this very program: the few fields that are looked at tell its reports from anything else. */
function isReports(value: unknown): value is readonly RunReport[] {
  const isReport = (one: unknown) =>
    typeof one === "object" && one !== null && "runId" in one && "outcome" in one && "exit" in one;
  return Array.isArray(value) && value.every(isReport);
}
