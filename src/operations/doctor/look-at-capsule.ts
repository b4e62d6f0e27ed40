import { readdir } from "node:fs/promises";
import { join, matchesGlob } from "node:path";
import { judgeCapsule } from "../../domain/doctor/checks/capsule.ts";
import type { Diagnosis } from "../../domain/doctor/finding.ts";
import { asFailure, type FailureReport, reportOf } from "../../domain/failure.ts";
import type { CapsuleJob } from "../../domain/jobs/job.ts";
import type { CapsuleSource } from "../../domain/jobs/source.ts";
import { may, rightsAt } from "./ask.ts";
import type { DoctorScene } from "./scene.ts";

/** A large tree is only sampled. */
const mostPaths = 5000;

/** The tree of a capsule job, looked at as whoever runs us. */
export async function lookAtCapsule(
  { context, user }: DoctorScene,
  job: CapsuleJob,
  signal: AbortSignal,
): Promise<readonly Diagnosis[]> {
  const { root } = job.source;
  const rights = await rightsAt(root);
  const walked = await context.capsules.estimate(job.source, signal).then(
    (estimate) => ({ ...estimate, failure: null }),
    (error: unknown) => ({ files: 0, contentBytes: 0, failure: reportedOf(error, root, signal) }),
  );
  const sample = walked.failure === null ? await sampleRights(job.source, signal) : noSample;
  return judgeCapsule({
    job: job.name,
    root,
    user,
    mode: rights?.mode ?? null,
    ownedBy: rights?.ownedBy ?? null,
    ...walked,
    ...sample,
  });
}

function reportedOf(error: unknown, root: string, signal: AbortSignal): FailureReport {
  signal.throwIfAborted();
  return reportOf(asFailure(error, "capsule.read", `Cannot walk "${root}"`));
}

interface Sample {
  readonly unreadable: readonly string[];
  readonly lookedAt: number;
}

const noSample: Sample = { unreadable: [], lookedAt: 0 };

/** Breadth first, so that a sample of a large tree has something of every part. */
async function sampleRights(source: CapsuleSource, signal: AbortSignal): Promise<Sample> {
  const unreadable: string[] = [];
  const waiting = [""];
  let lookedAt = 0;
  for (let folder = waiting.shift(); folder !== undefined && lookedAt < mostPaths; folder = waiting.shift()) {
    signal.throwIfAborted();
    const entries = await readdir(join(source.root, folder), { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (!isMeant(source, path, entry.isDirectory())) continue;
      if (!entry.isFile() && !entry.isDirectory()) continue;
      lookedAt += 1;
      if (!(await mayTake(join(source.root, path), entry.isDirectory()))) unreadable.push(path);
      else if (entry.isDirectory()) waiting.push(path);
    }
  }
  return { unreadable, lookedAt };
}

async function mayTake(path: string, isDirectory: boolean): Promise<boolean> {
  return (await may(path, "read")) && (!isDirectory || (await may(path, "execute")));
}

/** Whether the job would take it, or something in it. */
function isMeant({ include, exclude }: CapsuleSource, path: string, isDirectory: boolean): boolean {
  if (exclude.some((glob) => matchesGlob(path, glob))) return false;
  if (include.length === 0) return true;
  return include.some((glob) => {
    const fixed = glob
      .split("/")
      .filter((_part, index, parts) => !parts.slice(0, index + 1).some(isPattern))
      .join("/");
    const leadsThere =
      isDirectory &&
      (fixed === "" || `${fixed}/`.startsWith(`${path}/`) || `${path}/`.startsWith(`${fixed}/`));
    return leadsThere || matchesGlob(path, glob);
  });
}

function isPattern(part: string): boolean {
  return /[*?[{]/.test(part);
}
