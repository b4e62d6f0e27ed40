import { join } from "node:path";
import { Failure } from "../domain/failure.ts";
import { formatInstant } from "../domain/instant.ts";
import type { Clock } from "../platform/clock.ts";
import { type FileLock, tryFileLock } from "../platform/file-lock.ts";
import type { Host } from "../platform/host.ts";

/** Only one `serve` works on a state directory. Throws "run.busy" naming the one that does. */
export function lockServe(statePath: string, host: Host, clock: Clock): FileLock {
  const { name, bootId, pid } = host;
  const since = formatInstant(clock.now());
  const attempt = tryFileLock(join(statePath, "serve.db"), {
    host: name,
    bootId,
    pid,
    runId: "serve",
    since,
  });
  if (attempt.kind === "held") return attempt.lock;
  const { holder } = attempt;
  const who =
    holder === null ? "another one" : `process ${holder.pid} on ${holder.host}, since ${holder.since},`;
  throw new Failure("run.busy", `Cannot serve: ${who} does so on "${statePath}"`, {
    hint: "End that one first, or reload it with kill -HUP.",
  });
}
