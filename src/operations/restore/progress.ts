import type { Context } from "../context.ts";
import type { DatabaseRestore } from "./restore-database.ts";

/** Tells how far the reading of a dump is. */
export function progressOf(
  context: Context,
  { dump, to }: DatabaseRestore,
  step: "verify" | "restore",
): (doneBytes: number) => void {
  const totalBytes = step === "verify" ? dump.sizeBytes : (dump.expected?.sizeBytes ?? null);
  return (doneBytes) => context.onProgress({ subject: to, step, doneBytes, totalBytes, current: dump.name });
}
