import { createInterface } from "node:readline";
import { type ChildEnd, startChild } from "../../platform/child.ts";
import type { Context } from "../context.ts";

export interface LoggedProgram {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Null: where we are. */
  readonly cwd: string | null;
  /** Stand at each line of its output in the log. */
  readonly fields: Readonly<Record<string, string>>;
  /** Ends its process group. */
  readonly signal: AbortSignal;
}

export interface LoggedEnd {
  readonly end: ChildEnd;
  /** Processes that it left behind still held its output open. */
  readonly isOutlived: boolean;
}

/** What a program left running in the background may still write for so long after its own end. */
const pipeGraceMs = 2000;

/**
 * A program of the operator's, without a shell, in a process group of its own, its output in the run's log. It has
 * ended when this settles; a daemon that it leaves behind lives on, unless the signal ended the group. Throws
 * "platform.child" when it cannot be started.
 */
export async function runLogged(context: Context, given: LoggedProgram): Promise<LoggedEnd> {
  const { argv, env, cwd, fields, signal } = given;
  const [program = "", ...args] = argv;
  const place = cwd === null ? {} : { cwd };
  const child = await startChild({ program, args, env, stdout: "pipe", pipeGraceMs, ...place });
  const onAbort = () => child.kill();
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    if (child.stdout !== null) {
      const lines = createInterface({ input: child.stdout });
      void child.ended.then(() => lines.close()); // closing our end of a pipe is no end of input to a line reader
      for await (const line of lines) context.log.info({ ...fields, stream: "stdout" }, line);
    }
    const end = await child.ended;
    for (const line of end.stderr.split("\n").filter((text) => text !== ""))
      context.log.info({ ...fields, stream: "stderr" }, line);
    return { end, isOutlived: child.isOutlived() };
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
