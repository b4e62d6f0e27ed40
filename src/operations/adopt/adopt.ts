import type { Destination } from "../../destinations/destination.ts";
import { parseBackupFile } from "../../domain/backup-file.ts";
import { Failure, messageOf } from "../../domain/failure.ts";
import { type BackupJob, demandBackupJob } from "../../domain/job.ts";
import { type Context, jobNamed } from "../context.ts";
import type { AdoptOptions, AdoptReport } from "../operation.ts";
import { lockJob } from "../run/job-lock.ts";
import { publish } from "../run/publish.ts";
import { recordBackup, recordCopy } from "../run/record.ts";
import { seal } from "../run/seal.ts";
import { type Adoptable, describeFile } from "./describe-file.ts";

/**
 * Describes dumps and zips made before us, so that they are listed, verified and pruned by policy. Each is
 * read to its end first: a truncated dump is not adopted, it is named. The files themselves stay as they are.
 */
export async function adopt(context: Context, options: AdoptOptions): Promise<readonly AdoptReport[]> {
  const job = demandBackupJob(jobNamed(context, options.job), "adopt files for");
  const destination = destinationAt(context, job, options.directory);
  const { id: destinationId } = await destination.ready();
  const runId = context.newRunId();
  const lock = await lockJob(context, { job: job.name, runId, waitMs: 0, signal: options.signal });
  try {
    const reports: AdoptReport[] = [];
    for (const file of await adoptables(destination, job, options.pattern)) {
      options.signal.throwIfAborted();
      reports.push(
        await adoptOne(context, { job, destination, destinationId, runId, file, signal: options.signal }),
      );
    }
    return reports;
  } finally {
    lock.release();
  }
}

function destinationAt(context: Context, job: BackupJob, directory: string): Destination {
  const candidates = job.to
    .map((name) => context.destinations.get(name))
    .filter((destination) => destination !== undefined);
  const found = candidates.find(
    (destination) => destination.localPath("x") === `${directory.replace(/\/+$/, "")}/x`,
  );
  if (found) return found;
  const known = candidates.map((destination) => destination.location).join(", ");
  throw new Failure(
    "usage.refused",
    `Cannot adopt "${directory}": it is none of the destinations of "${job.name}" (${known})`,
    {
      hint: "Move the files into one of them, or make this directory a destination of the job.",
    },
  );
}

/** Oldest name first, so that the chain of manifests follows time as well as it can. */
async function adoptables(
  destination: Destination,
  job: BackupJob,
  pattern: string | null,
): Promise<readonly Adoptable[]> {
  const files = await destination.list();
  const described = new Set(
    files
      .map(({ name }) => parseBackupFile(name))
      .filter((p) => p?.file.kind === "manifest")
      .map((p) => p?.base),
  );
  return files.flatMap((stored): readonly Adoptable[] => {
    const parsed = parseBackupFile(stored.name);
    const wanted = job.kind === "postgres" ? "dump" : "capsule";
    if (parsed?.file.kind !== wanted || described.has(parsed.base)) return [];
    if (pattern !== null && !matches(stored.name, pattern)) return [];
    return [{ ...stored, base: parsed.base, file: parsed.file }];
  });
}

/** A glob with `*` and `?` over one file name. */
function matches(name: string, pattern: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`, "su").test(name);
}

interface Adoption {
  readonly job: BackupJob;
  readonly destination: Destination;
  readonly destinationId: string;
  readonly runId: string;
  readonly file: Adoptable;
  readonly signal: AbortSignal;
}

async function adoptOne(context: Context, adoption: Adoption): Promise<AdoptReport> {
  const { job, destination, destinationId, runId, file, signal } = adoption;
  try {
    const manifest = await describeFile(context, { job, destination, destinationId, runId, file, signal });
    const sealed = seal(manifest);
    const unlisted = await publish(destination, [], { runId, id: manifest.id, ...sealed });
    if (unlisted !== null) throw unlisted;
    recordBackup(context, sealed);
    const copy = { destination: destination.name, level: "read", readBack: "cached" } as const;
    recordCopy(context, sealed, { ...copy, destinationId });
    return {
      file: file.name,
      backup: manifest.id,
      createdAt: manifest.startedAt,
      isAdopted: true,
      reason: null,
    };
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    return { file: file.name, backup: null, createdAt: null, isAdopted: false, reason: messageOf(error) };
  }
}
