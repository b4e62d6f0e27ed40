import { formatRunEvent, type RunEvent } from "../../domain/runs/run-event.ts";
import type { RunReport } from "../../domain/runs/run-report.ts";
import type { StartedRun } from "../../domain/slots/slot-report.ts";
import type { Session } from "../session.ts";

/** Tells another process on stdout what happens, a line of JSON for each event. */
export interface EventLines {
  /** The session with its progress told as events. */
  readonly session: Session;
  readonly onStarted: (started: StartedRun) => void;
  readonly onEnded: (job: string, reports: readonly RunReport[]) => void;
}

/** Not more often than somebody can look. */
const pauseMs = 250;

/**
 * A session like the given one whose starts, ends and progress (at most four times a second) are lines of JSON on
 * stdout.
 */
export function createEventLines(outer: Session): EventLines {
  const { io, tool, screen } = outer;
  const write = (event: RunEvent) => io.stdout.write(`${formatRunEvent(event)}\n`);
  let current = { job: "", runId: "" };
  let toldMs = Number.NEGATIVE_INFINITY;
  return {
    session: {
      ...outer,
      screen: {
        ...screen,
        print: () => undefined,
        progress(progress) {
          const now = tool.monotonicMs();
          if (now - toldMs < pauseMs) return;
          toldMs = now;
          write({ kind: "progress", ...current, progress });
        },
      },
    },
    onStarted(started) {
      current = { job: started.job, runId: started.runId };
      write({ kind: "started", ...started });
    },
    onEnded(job, reports) {
      write({ kind: "ended", job, runId: reports[0]?.runId ?? "", reports });
    },
  };
}
