import { readdir, stat, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { judgeState } from "../../domain/doctor/checks/state.ts";
import type { Diagnosis } from "../../domain/doctor/finding.ts";
import { may, rightsAt } from "./ask.ts";
import type { DoctorScene } from "./scene.ts";

/** The directory of our own records. */
export async function lookAtState(scene: DoctorScene): Promise<readonly Diagnosis[]> {
  const { context, user, catalogFailure } = scene;
  const path = context.statePath;
  const rights = await rightsAt(path);
  const nearest = rights === null ? await nearestThere(path) : path;
  const space = await statfs(nearest);
  return judgeState({
    path,
    user,
    mode: rights?.mode ?? null,
    owner: rights?.ownedBy ?? null,
    isWritable: await may(nearest, "write"),
    freeBytes: space.blocks === 0 ? null : space.bavail * space.bsize,
    catalogFailure,
    catalogProblems: catalogFailure === null ? context.catalog.problems() : [],
    logBytes: await sizeOf(join(path, "logs")),
  });
}

async function nearestThere(path: string): Promise<string> {
  const above = dirname(path);
  return above === path || (await may(above, "see")) ? above : nearestThere(above);
}

/** Of the files right in a directory; 0 where there is none. */
async function sizeOf(directory: string): Promise<number> {
  const names = await readdir(directory).catch(() => []);
  const sizes = await Promise.all(
    names.map((name) =>
      stat(join(directory, name)).then(
        ({ size }) => size,
        () => 0, // gone meanwhile
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
