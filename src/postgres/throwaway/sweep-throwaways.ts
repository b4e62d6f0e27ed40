import { readFile, realpath } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf, Failure, messageOf } from "../../domain/failure.ts";
import { sleep } from "../../platform/clock.ts";
import { signalProcess, workingDirectoryOf } from "../../platform/foreign-process.ts";
import type { PostgresDeps } from "../access.ts";
import type { ThrowawaySweep } from "../postgres.ts";
import { removeRecordedContainer } from "./container-record.ts";
import { sweepScratch } from "./sweep-scratch.ts";
import { abandonedWorkplaces } from "./workplace.ts";

/** See Postgres.sweepThrowaways. */
export async function sweepThrowaways(deps: PostgresDeps, sweep: ThrowawaySweep): Promise<readonly string[]> {
  const { choice, workPath, signal } = sweep;
  const lines: string[] = [];
  for (const place of await abandonedWorkplaces(deps, workPath)) {
    try {
      await endServer(deps, join(place.path, "data"), signal);
      await removeRecordedContainer(deps, place, signal);
      await place.close();
      lines.push(`Removed "${place.path}": its proof did not end well`);
    } catch (error) {
      place.leave();
      deps.log.warn({ error: messageOf(error), place: place.path }, "what a proof left could not be removed");
    }
  }
  return choice.kind === "scratch" ? [...lines, ...(await sweepOther(deps, sweep))] : lines;
}

/** A scratch server that cannot be reached now is a matter of the proof that follows, not of the sweep. */
async function sweepOther(
  deps: PostgresDeps,
  { choice, signal }: ThrowawaySweep,
): Promise<readonly string[]> {
  if (choice.kind !== "scratch") return [];
  try {
    return await sweepScratch(deps, choice.source, signal);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    deps.log.warn({ error: messageOf(error) }, "the scratch server could not be asked for what proofs left");
    return [];
  }
}

const stopTries = 100;
const pauseMs = 100;

/**
 * Ends the server of a killed proof, if it still runs: the process that the data directory names, but only when it
 * works in that very directory. A number alone could be anybody's by now.
 */
async function endServer(deps: PostgresDeps, data: string, signal: AbortSignal): Promise<void> {
  const pid = Number((await readIfThere(join(data, "postmaster.pid"))).split("\n")[0]);
  if (!Number.isSafeInteger(pid) || pid <= 1) return;
  const real = await realpath(data);
  const isOurs = () => workingDirectoryOf(pid) === real;
  for (let attempt = 0; isOurs(); attempt++) {
    if (attempt === stopTries) {
      throw new Failure("postgres.throwaway", `Cannot end the server in "${data}": process ${pid} stays`);
    }
    signalProcess(pid, attempt < stopTries / 2 ? "SIGQUIT" : "SIGKILL");
    await sleep(deps.clock, pauseMs, signal);
  }
}

async function readIfThere(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return "";
    throw error;
  }
}
