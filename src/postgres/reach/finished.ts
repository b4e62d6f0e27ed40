import { Buffer } from "node:buffer";
import type { Child, ChildEnd } from "../../platform/child.ts";

/** A program that ran to its end, whatever the end was. */
export interface Finished {
  readonly end: ChildEnd;
  readonly stdout: Buffer;
}

/**
 * Waits for a child started with stdout "pipe" and keeps its output (for short outputs only). An abort kills
 * it and throws the signal's reason.
 */
export async function finish(child: Child, signal: AbortSignal): Promise<Finished> {
  const onAbort = () => child.kill();
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of child.stdout ?? []) chunks.push(chunk);
    const end = await child.ended;
    signal.throwIfAborted();
    return { end, stdout: Buffer.concat(chunks) };
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** What a program said last on stderr, on one line, for a message; its end if it said nothing. */
export function lastWords(end: ChildEnd): string {
  const lines = end.stderr.split("\n").filter((line) => line.trim() !== "");
  if (lines.length === 0) return end.kind === "exited" ? `exit status ${end.code}` : `signal ${end.signal}`;
  return lines
    .slice(-3)
    .map((line) => line.trim())
    .join(" ");
}
