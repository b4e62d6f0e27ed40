import type { OnProgress, Progress } from "../domain/runs/progress.ts";
import type { Writer } from "./cli.ts";
import { printable } from "./printable.ts";
import { renderProgress } from "./render/progress.ts";

export interface ProgressParts {
  readonly writer: Writer;
  readonly monotonicMs: () => number;
  /** False off a terminal: then nothing is ever written. */
  readonly isShown: boolean;
}

export interface ProgressLine {
  readonly show: OnProgress;
  /** Leaves an empty line for whoever writes next. May be called twice. */
  clear(): void;
}

/** Between two drawings. */
const pauseMs = 120;
/** Before so much time has passed, a rate is a guess. */
const settledMs = 1000;
const clearLine = "\r\u001b[K";

/** One line on a terminal that is drawn over and over, at most so often that it costs nothing. */
export function createProgressLine({ writer, monotonicMs, isShown }: ProgressParts): ProgressLine {
  let drawnMs = Number.NEGATIVE_INFINITY;
  let isDrawn = false;
  let started: { readonly key: string; readonly atMs: number; readonly bytes: number } | null = null;

  const clear = () => {
    if (isDrawn) writer.write(clearLine);
    isDrawn = false;
  };
  const rateOf = (progress: Progress, nowMs: number): number | null => {
    const key = `${progress.subject}\n${progress.step}`;
    if (started?.key !== key || progress.doneBytes < started.bytes) {
      started = { key, atMs: nowMs, bytes: progress.doneBytes };
    }
    const passedMs = nowMs - started.atMs;
    return passedMs < settledMs ? null : ((progress.doneBytes - started.bytes) / passedMs) * 1000;
  };
  return {
    clear,
    show(progress) {
      if (!isShown) return;
      const nowMs = monotonicMs();
      const rate = rateOf(progress, nowMs);
      if (nowMs - drawnMs < pauseMs) return;
      drawnMs = nowMs;
      isDrawn = true;
      const text = printable(renderProgress(progress, rate)).replaceAll("\n", " ");
      writer.write(`${clearLine}${[...text].slice(0, Math.max(10, writer.columns - 1)).join("")}`);
    },
  };
}
