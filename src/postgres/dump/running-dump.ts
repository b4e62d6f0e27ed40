import { openPipe } from "../../platform/pipe.ts";
import type { Access } from "../access.ts";
import type { RunningDump } from "../postgres.ts";
import { terminateBackends } from "../terminate.ts";
import { judgeDump } from "./judge.ts";

export interface DumpStart {
  readonly args: readonly string[];
  readonly database: string;
  readonly signal: AbortSignal;
}

/** pg_dump has nothing to tidy up. */
const killGraceMs = 1000;

/** Starts pg_dump with a pipe of ours as its stdout: see platform/pipe.ts for why not its own. */
export async function startDump(access: Access, start: DumpStart): Promise<RunningDump> {
  start.signal.throwIfAborted();
  const pipe = await openPipe();
  const call = { program: `${access.programs}pg_dump`, args: start.args, stdout: pipe.inputFd, login: true };
  const child = await access.reach.start(call).finally(() => pipe.closeInput());
  let cancelled: Promise<void> | null = null;

  async function stop(): Promise<void> {
    child.kill(killGraceMs);
    pipe.output.destroy();
    // In a container the program lives on without its client; so does a backend in the middle of a COPY.
    await terminateBackends(access, { database: start.database, purposes: ["dump"] });
    await child.ended;
  }
  const cancel = () => {
    cancelled ??= stop();
    return cancelled;
  };
  const onAbort = () => void cancel();
  start.signal.addEventListener("abort", onAbort, { once: true });
  return {
    stream: pipe.output,
    async finish() {
      const end = await child.ended;
      start.signal.removeEventListener("abort", onAbort);
      start.signal.throwIfAborted();
      return judgeDump(end, start.database);
    },
    cancel,
  };
}
