import { realpath, statfs } from "node:fs/promises";
import { judgeSpace } from "../../domain/doctor/checks/space.ts";
import type { Diagnosis } from "../../domain/doctor/finding.ts";
import { type BackupJob, leavesBackups } from "../../domain/jobs/job.ts";
import { estimateNeed } from "../run/ready.ts";
import { may, rightsAt } from "./ask.ts";
import type { DestinationPlace, DoctorScene } from "./scene.ts";
import type { Servers } from "./servers.ts";

interface Asking {
  readonly servers: Servers;
  readonly signal: AbortSignal;
}

/** Room for tonight at one destination, and what else would be lost with its disk. */
export async function lookAtSpace(
  scene: DoctorScene,
  place: DestinationPlace,
  { servers, signal }: Asking,
): Promise<readonly Diagnosis[]> {
  if (!(await may(place.path, "see"))) return []; // the destination's own check tells that
  const jobs = scene.context.jobs.filter(leavesBackups).filter((job) => job.to.includes(place.name));
  const { bavail, bsize, blocks, ffree, files } = await statfs(place.path);
  const needs = await Promise.all(
    jobs.map(async (job) => ({ job: job.name, bytes: await needOf(scene, job, { servers, signal }) })),
  );
  return judgeSpace({
    destination: place.name,
    path: place.path,
    freeBytes: blocks === 0 ? null : bavail * bsize,
    freeInodes: files === 0 ? null : ffree, // btrfs and some shares count none
    needs,
    sharesDiskWith: await sameDisk(scene, place, { jobs, servers }),
  });
}

/** By its newest backups, a fifth on top; of a database that has none by its size; null: nobody knows. */
async function needOf(
  { context }: DoctorScene,
  job: BackupJob,
  { servers, signal }: Asking,
): Promise<number | null> {
  const newest = (database: string | null) =>
    context.catalog.backups({ job: job.name, database, limit: 1 })[0]?.sizeBytes ?? null;
  if (job.kind === "capsule") {
    const known = estimateNeed(newest(null), null, true);
    return (
      known ??
      context.capsules.estimate(job.source, signal).then(({ contentBytes }) => contentBytes, nobodyKnows)
    );
  }
  const { databases } = await servers.of(job);
  if (databases.length === 0) return null;
  const isCompressed = job.compress !== "none" || job.format === "custom";
  const needs = databases.map(({ name, seen }) =>
    estimateNeed(newest(name), seen === null ? null : Math.ceil(seen.sizeBytes * 1.2), isCompressed),
  );
  return needs.reduce((sum, need) => (sum === null || need === null ? null : sum + need), 0);
}

/** A tree that cannot be walked is its own check's finding. */
function nobodyKnows(): null {
  return null;
}

/** One disk for the data and its backups is one failure for both. */
async function sameDisk(
  { context }: DoctorScene,
  { path }: DestinationPlace,
  { jobs, servers }: { readonly jobs: readonly BackupJob[]; readonly servers: Servers },
): Promise<readonly string[]> {
  const own = (await rightsAt(path))?.device;
  const others = await Promise.all(
    jobs.map(async (job) => {
      if (job.kind === "capsule") return { what: `the tree of ${job.name}`, at: job.source.root };
      if (job.source.transport.kind !== "local") return { what: "", at: null };
      const data = (await servers.of(job)).databases[0]?.seen?.dataDirectory ?? null;
      return { what: `the data of ${job.name}`, at: data };
    }),
  );
  const state = { what: "the state directory", at: context.statePath };
  const found = await Promise.all(
    [...others, state].map(async ({ what, at }) => {
      if (at === null) return [];
      const device = (await rightsAt(await realpath(at).catch(() => at)))?.device;
      return device !== undefined && device === own ? [what] : [];
    }),
  );
  return found.flat();
}
