import type { Context } from "../context.ts";
import type { ProducedFile } from "./produce.ts";
import type { Watch } from "./watch.ts";

export interface ReadingBack {
  readonly job: string;
  readonly file: ProducedFile;
  readonly watch: Watch;
}

/** Tells who looks on, and the watch, that a stored file is being read. */
export function readBackProgress(
  context: Context,
  { job, file, watch }: ReadingBack,
): (doneBytes: number) => void {
  const { path: current, passed } = file;
  return (doneBytes) => {
    watch.touch();
    context.onProgress({ subject: job, step: "read back", doneBytes, totalBytes: passed.sizeBytes, current });
  };
}
