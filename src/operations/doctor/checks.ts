import type { Diagnosis } from "../../domain/doctor/finding.ts";
import { type Job, leavesBackups } from "../../domain/jobs/job.ts";
import {
  lookAtAlerts,
  lookAtClock,
  lookAtConfig,
  lookAtCopies,
  lookAtHistory,
  lookAtLocks,
  lookAtTool,
} from "./look-around.ts";
import { lookAtCapsule } from "./look-at-capsule.ts";
import { lookAtCommand } from "./look-at-command.ts";
import { lookAtDestination } from "./look-at-destination.ts";
import { lookAtEncryption } from "./look-at-encryption.ts";
import { lookAtHooks } from "./look-at-hooks.ts";
import { lookAtKeys } from "./look-at-keys.ts";
import { lookAtPostgres } from "./look-at-postgres.ts";
import { lookAtProof } from "./look-at-proof.ts";
import { lookAtSchedule } from "./look-at-schedule.ts";
import { lookAtSpace } from "./look-at-space.ts";
import { lookAtState } from "./look-at-state.ts";
import { lookAtStorage } from "./look-at-storage.ts";
import type { DoctorScene } from "./scene.ts";
import { createServers } from "./servers.ts";

/** One thing to look at, within its time. */
export interface Check {
  readonly name: string;
  /** What it is about, should it break off. */
  readonly subject: string;
  run(signal: AbortSignal): Promise<readonly Diagnosis[]> | readonly Diagnosis[];
}

/** Everything there is to look at, in the order in which it is told. */
export function checksOf(scene: DoctorScene): readonly Check[] {
  const { context, places, config, nodeVersion } = scene;
  const used = places.filter(({ name }) => context.jobs.some((job) => uses(job, name)));
  const elsewhere = [...context.destinations.values()].filter(
    ({ name, traits }) => traits.kind !== "local" && context.jobs.some((job) => uses(job, name)),
  );
  return [
    { name: "config", subject: config.path, run: () => lookAtConfig(scene) },
    { name: "tool", subject: "codex-backup", run: () => lookAtTool(context.version, nodeVersion) },
    { name: "state", subject: context.statePath, run: () => lookAtState(scene) },
    ...used.map((place) => ({
      name: "destination",
      subject: place.name,
      run: () => lookAtDestination(scene, place),
    })),
    ...elsewhere.map((destination) => ({
      name: "destination",
      subject: destination.name,
      run: () => lookAtStorage(scene, destination),
    })),
    ...sourceChecks(scene),
    ...(context.jobs.some((job) => leavesBackups(job))
      ? [{ name: "keys", subject: "signing key", run: () => lookAtKeys(context) }]
      : []),
    { name: "schedule", subject: "schedule", run: (signal) => lookAtSchedule(scene, signal) },
    { name: "clock", subject: "clock", run: (signal) => lookAtClock(scene, signal) },
    { name: "copies", subject: "copies", run: () => lookAtCopies(scene) },
    { name: "history", subject: "history", run: () => lookAtHistory(scene) },
    { name: "lock", subject: "locks", run: () => lookAtLocks(scene) },
    { name: "alerts", subject: "alerts", run: () => lookAtAlerts(scene) },
  ];
}

function uses(job: Job, destination: string): boolean {
  if (leavesBackups(job)) return job.to.includes(destination);
  return job.kind === "checksums" && job.destination === destination;
}

/** Each job's source, and the room for what comes of them. All checks share the logins. */
function sourceChecks(scene: DoctorScene): readonly Check[] {
  const { context, places } = scene;
  const ended = new AbortController();
  const servers = createServers(context, ended.signal);
  const jobs = context.jobs.map((job): Check => {
    const { name } = job;
    switch (job.kind) {
      case "postgres":
        return {
          name: "postgres",
          subject: name,
          run: (signal) => lookAtPostgres(scene, job, linked(signal)),
        };
      case "capsule":
        return { name: "capsule", subject: name, run: (signal) => lookAtCapsule(scene, job, signal) };
      case "command":
        return { name: "command", subject: name, run: (signal) => lookAtCommand(scene, job, signal) };
      case "proof":
      case "verify":
      case "checksums":
        return { name: "checksums", subject: name, run: () => [] }; // its destination's check says it all
      default:
        return job satisfies never;
    }
  });
  const hooks = context.jobs
    .filter((job) => job.hooks !== undefined)
    .map((job): Check => ({ name: "hooks", subject: job.name, run: () => lookAtHooks(scene, job) }));
  const encrypted = context.jobs
    .filter((job) => leavesBackups(job))
    .filter((job) => job.encrypt !== null)
    .map(
      (job): Check => ({ name: "encryption", subject: job.name, run: () => lookAtEncryption(context, job) }),
    );
  const proofs = context.jobs.filter(leavesBackups).map(
    (job): Check => ({
      name: "proof",
      subject: job.name,
      run: (signal) => lookAtProof(scene, job, { servers: linked(signal), signal }),
    }),
  );
  const used = places.filter(({ name }) =>
    context.jobs.some((job) => leavesBackups(job) && job.to.includes(name)),
  );
  const space = used.map(
    (place): Check => ({
      name: "space",
      subject: place.name,
      run: (signal) => lookAtSpace(scene, place, { servers: linked(signal), signal }),
    }),
  );
  return [...jobs, ...hooks, ...encrypted, ...space, ...proofs];

  function linked(signal: AbortSignal) {
    signal.addEventListener("abort", () => ended.abort(signal.reason), { once: true });
    return servers;
  }
}
