import { statfs } from "node:fs/promises";
import { judgeProof, type ProofCheckFacts } from "../../domain/doctor/checks/proof.ts";
import type { Diagnosis } from "../../domain/doctor/finding.ts";
import { asFailure, reportOf } from "../../domain/failure.ts";
import type { BackupJob, PostgresJob } from "../../domain/jobs/job.ts";
import { drillConcerns } from "../key-drill.ts";
import { serverBytes } from "../prove/space.ts";
import { statusByCatalog } from "../status.ts";
import type { DoctorScene } from "./scene.ts";
import type { Servers } from "./servers.ts";

interface Asking {
  readonly servers: Servers;
  readonly signal: AbortSignal;
}

/** Whether a proof of the job could be made here, and what earlier ones said. */
export async function lookAtProof(
  { context }: DoctorScene,
  job: BackupJob,
  asking: Asking,
): Promise<readonly Diagnosis[]> {
  const isProven = job.prove.schedule !== null || job.prove.afterEach;
  const isAsked = isProven && job.kind === "postgres";
  const drill = await drillConcerns(context, job);
  return judgeProof({
    job: job.name,
    isProven,
    server: isAsked ? await serverFor(context, job, asking) : { description: null, failure: null },
    room: isProven ? await roomFor(context, job, asking) : null,
    databases: statusByCatalog(context, job).map((one) => ({
      ...one,
      concerns: [...one.concerns, ...drill],
    })),
  });
}

/** By the version that the server has tonight. One that does not answer is its own check's finding. */
async function serverFor(
  { postgres }: DoctorScene["context"],
  job: PostgresJob,
  { servers, signal }: Asking,
): Promise<ProofCheckFacts["server"]> {
  const { facts } = await servers.of(job);
  if (facts === null) return { description: null, failure: null };
  const { versionNum: serverVersionNum, clientVersion } = facts;
  const plan = {
    choice: job.prove.server,
    source: job.source,
    facts: { serverVersionNum, clientVersion },
    signal,
  };
  try {
    return { description: await postgres.planThrowaway(plan), failure: null };
  } catch (error) {
    const failure = asFailure(error, "postgres.no-server-programs", `Cannot prove "${job.name}"`);
    return { description: null, failure: reportOf(failure) };
  }
}

/** As a proof itself asks for it: servers of this host and extracted capsules lie on the disk of the state. */
async function roomFor(
  { catalog, clock, statePath }: DoctorScene["context"],
  job: BackupJob,
  { servers }: Asking,
): Promise<ProofCheckFacts["room"]> {
  const isHere = job.kind === "capsule" || ["auto", "programs"].includes(job.prove.server.kind);
  if (!isHere) return null;
  const free = await statfs(statePath).catch(() => null); // not there yet: the state's own check tells that
  const freeBytes = free === null ? null : free.bavail * free.bsize;
  if (job.kind === "capsule") {
    const newest = { job: job.name, database: null, before: clock.now(), limit: 1 };
    const needBytes = catalog.profiles(newest)[0]?.profile.contentBytes ?? null;
    return { path: statePath, freeBytes, needBytes };
  }
  const sizes = (await servers.of(job)).databases.flatMap(({ seen }) =>
    seen === null ? [] : [seen.sizeBytes],
  );
  const needBytes = sizes.length === 0 ? null : Math.ceil(Math.max(...sizes) * 1.2) + serverBytes;
  return { path: statePath, freeBytes, needBytes };
}
