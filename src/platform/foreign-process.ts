import { readlinkSync } from "node:fs";
import { errnoOf } from "../domain/failure.ts";

/** Where a process works, as the kernel tells it; null when it is gone, or when we may not know. */
export function workingDirectoryOf(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return null; // gone, somebody else's, or a system without /proc
  }
}

/** False when there is no such process any more. Throws Node's error when it is not ours to end. */
export function signalProcess(pid: number, signal: NodeJS.Signals): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 1) return false; // 0 and below would mean groups
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if (errnoOf(error) === "ESRCH") return false;
    throw error;
  }
}
