import { dirname } from "node:path";
import { type HookLook, judgeHooks } from "../../domain/doctor/checks/hooks.ts";
import type { Diagnosis } from "../../domain/doctor/finding.ts";
import type { Job } from "../../domain/jobs/job.ts";
import { hookMoments } from "../../domain/jobs/job-hooks.ts";
import { may, rightsAt } from "./ask.ts";
import { findProgram } from "./look-at-command.ts";
import type { DoctorScene } from "./scene.ts";

/** The programs round a job's runs: whether they would start, and who may change them. */
export async function lookAtHooks({ context, user }: DoctorScene, job: Job): Promise<readonly Diagnosis[]> {
  const { hooks } = job;
  if (hooks === undefined) return [];
  const searchPath = context.childEnv.PATH ?? "";
  const looks = hookMoments.flatMap((moment) =>
    hooks[moment].map(async ([program]): Promise<HookLook> => {
      const found = await findProgram(program, searchPath, "/");
      const isExecutable = found !== null && (await may(found, "execute"));
      return { moment, program, found, isExecutable, openTo: found === null ? null : await openTo(found) };
    }),
  );
  return judgeHooks(job.name, user, await Promise.all(looks));
}

const forOthers = 0o002;
const sticky = 0o1000;

/** The program or the nearest folder above it that everybody may write to; in a sticky one nobody replaces another's file. */
async function openTo(program: string): Promise<HookLook["openTo"]> {
  for (let path = program; ; path = dirname(path)) {
    const rights = await rightsAt(path);
    const isOpen = rights !== null && (rights.mode & forOthers) !== 0;
    if (isOpen && (path === program || (rights.mode & sticky) === 0)) return { path, mode: rights.mode };
    if (path === dirname(path)) return null;
  }
}
