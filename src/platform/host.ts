import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { errnoOf } from "../domain/failure.ts";

/** This machine and this process: the only place that asks for them. */
export interface Host {
  readonly name: string;
  /** Changes with each boot, so that a pid of an earlier boot is known to be gone; "unknown" where there is none. */
  readonly bootId: string;
  readonly pid: number;
  /** Whether a process of this pid runs here, whoever owns it. One that has died and is not yet reaped does not. */
  isAlive(pid: number): boolean;
}

/** The boot id tells a pid of before a reboot from one of today. */
export function createSystemHost(): Host {
  return { name: hostname(), bootId: readBootId(), pid: process.pid, isAlive };
}

/** "26.10.0" */
export function nodeVersion(): string {
  return process.versions.node;
}

function readBootId(): string {
  return readProcFile("/proc/sys/kernel/random/boot_id")?.trim() ?? "unknown";
}

function isAlive(pid: number): boolean {
  // 0 and negative numbers would ask about process groups
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  return answersSignals(pid) && !isZombie(pid);
}

function answersSignals(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) === "EPERM"; // it is there and belongs to someone else
  }
}

/** The state is the first letter after the program's name, which may itself hold blanks and brackets. */
function isZombie(pid: number): boolean {
  const stat = readProcFile(`/proc/${pid}/stat`);
  return stat !== null && /^[ZX]/.test(stat.slice(stat.lastIndexOf(")") + 2));
}

function readProcFile(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null; // no such process, or a system without /proc
  }
}
