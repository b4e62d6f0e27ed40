import { Failure } from "../domain/failure.ts";
import type { StatusReport } from "../domain/health/status-report.ts";
import { redact } from "../domain/secret.ts";
import { type Background, createBackground } from "./background.ts";
import type { EventStream } from "./event-stream.ts";
import type { HttpParts } from "./http.ts";
import { shareFlight } from "./share-flight.ts";

/** What the routes share. */
export interface RouteParts extends HttpParts {
  /** At most once a second, whoever asks. */
  readonly statusOnce: () => Promise<ReadStatus>;
  /** As statusOnce. */
  readonly metricsOnce: () => Promise<string>;
  readonly hide: (text: string) => string;
  readonly streams: Streams;
  readonly background: Background;
  /** What is still to be put down of changes that have been answered. */
  readonly unfinished: Unfinished;
}

export interface Unfinished {
  add(work: Promise<void>): void;
  /** Settles when nothing is left; never rejects. */
  settled(): Promise<void>;
}

export interface ReadStatus {
  readonly report: StatusReport;
  /** The document of `status --json`. */
  readonly text: string;
}

/** The long answers that are going on. */
export interface Streams {
  /** Throws "http.too-many". `open` is given what to call when the stream has ended. */
  open(open: (onEnd: () => void) => EventStream): EventStream;
  /** Ends them, and takes no more. */
  endAll(): void;
}

const keepMs = 1000;
/** So that a hundred who ask do not wait for each look; an answer is never older than this. */
const oldestMs = 3000;
const mostStreams = 32;

/** Of the status, many who ask at once share one reading; streams are counted and limited. */
export function createRouteParts(parts: HttpParts): RouteParts {
  const { operations, clock } = parts;
  const hide = (text: string) => redact(text, parts.secrets());
  const statusOnce = shareFlight(
    async () => {
      const report = await operations.status();
      const { jobs, disk } = report;
      return { report, text: hide(JSON.stringify({ schemaVersion: 1, jobs, disk })) };
    },
    { clock, keepMs, oldestMs },
  );
  const metricsOnce = shareFlight(async () => hide(await operations.metrics()), { clock, keepMs, oldestMs });
  return {
    ...parts,
    statusOnce,
    metricsOnce,
    hide,
    streams: createStreams(),
    background: createBackground(parts),
    unfinished: createUnfinished(),
  };
}

function createUnfinished(): Unfinished {
  const all = new Set<Promise<void>>();
  return {
    add(work) {
      const left = work.finally(() => all.delete(left));
      all.add(left);
    },
    settled: async () => void (await Promise.allSettled(all)),
  };
}

function createStreams(): Streams {
  const all = new Set<EventStream>();
  let isClosed = false;
  return {
    open(open) {
      if (isClosed || all.size >= mostStreams) {
        throw new Failure("http.too-many", `Cannot open another stream: ${all.size} are open`, {
          hint: "Close one of them, or ask for the run itself from time to time.",
        });
      }
      let opened: EventStream | null = null;
      opened = open(() => (opened === null ? false : all.delete(opened)));
      all.add(opened);
      return opened;
    },
    endAll() {
      isClosed = true;
      for (const stream of [...all]) stream.end();
    },
  };
}
