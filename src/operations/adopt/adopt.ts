import type { Destination } from "../../destinations/destination.ts";
import { formatBackupFile, manifestSignature, parseBackupFile } from "../../domain/backups/backup-file.ts";
import type { Manifest } from "../../domain/backups/manifest.ts";
import { Failure, reportOf } from "../../domain/failure.ts";
import { type BackupJob, demandBackupJob } from "../../domain/jobs/job.ts";
import { decodeFailure } from "../../platform/compression.ts";
import { type Context, jobNamed } from "../context.ts";
import type { AdoptOptions, AdoptReport } from "../operation.ts";
import { lockJob } from "../run/job-lock.ts";
import { publish } from "../run/publish.ts";
import { recordBackup, recordCopy } from "../run/record.ts";
import { type Sealed, seal, sealText } from "../run/seal.ts";
import { signSealed } from "../run/sign.ts";
import { readStoredBackup } from "../stored-backup.ts";
import { clearOwnHash } from "./clear-own-hash.ts";
import { type Adoptable, describeFile } from "./describe-file.ts";
import { isOfJob } from "./is-of-job.ts";
import { isUnfit, withoutBlame } from "./leave-out.ts";

/**
 * Describes dumps and zips made before us, so that they are listed, verified and pruned by policy. Each is
 * read to its end first: a truncated dump is not adopted, it is named. The files themselves stay as they are.
 * What broke while one was looked at is told as its failure; the others are looked at all the same.
 */
export async function adopt(context: Context, options: AdoptOptions): Promise<readonly AdoptReport[]> {
  const job = demandBackupJob(jobNamed(context, options.job), "adopt files for");
  const destination = destinationAt(context, job, options.directory);
  const { id: destinationId } = await destination.ready();
  const runId = context.newRunId();
  const lock = await lockJob(context, { job: job.name, runId, waitMs: 0, signal: options.signal });
  try {
    const reports: AdoptReport[] = [];
    for (const file of await adoptables(context, destination, { job, pattern: options.pattern })) {
      options.signal.throwIfAborted();
      if (options.pattern === null && !isOfJob(job, file.base)) {
        reports.push(foreign(job, file.name));
        continue;
      }
      const adoption = { job, destination, destinationId, runId, file, signal: options.signal };
      const report = await adoptOne(context, adoption);
      if (report !== null) reports.push(report);
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

interface Search {
  readonly job: BackupJob;
  readonly pattern: string | null;
}

/**
 * Oldest name first, so that the chain of manifests follows time as well as it can. What has a manifest is left out,
 * unless the catalog does not know it: an adoption that died may have come no further.
 */
async function adoptables(
  { catalog }: Context,
  destination: Destination,
  { job, pattern }: Search,
): Promise<readonly Adoptable[]> {
  const files = await destination.list();
  const described = new Set(
    files
      .map(({ name }) => parseBackupFile(name))
      .filter((p) => p?.file.kind === "manifest")
      .map((p) => p?.base),
  );
  const isKnown = (id: string) =>
    catalog.backup(job.name, id)?.copies.some((copy) => copy.destination === destination.name) ?? false;
  return files.flatMap((stored): readonly Adoptable[] => {
    const parsed = parseBackupFile(stored.name);
    const wanted = job.kind === "postgres" ? "dump" : "capsule";
    if (parsed === null) return [];
    const isEncrypted = parsed.file.kind === "encrypted";
    const file = parsed.file.kind === "encrypted" ? parsed.file.of : parsed.file;
    if (file.kind !== wanted) return [];
    if (pattern !== null && !matches(stored.name, pattern)) return [];
    const isDescribed = described.has(parsed.base);
    if (isDescribed && isKnown(parsed.base)) return [];
    return [{ ...stored, base: parsed.base, file, isEncrypted, isDescribed }];
  });
}

/** Whatever is adopted is one day pruned, so what nobody named and no run could have made is left alone. */
function foreign({ name, nameTemplate }: BackupJob, file: string): AdoptReport {
  const reason = `does not fit the name template "${nameTemplate}" of "${name}"; name it with --pattern`;
  return { file, backup: null, createdAt: null, isAdopted: false, reason, failure: null, exit: 3 };
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

/** Null: it is a backup already, and no adoption's. */
async function adoptOne(context: Context, adoption: Adoption): Promise<AdoptReport | null> {
  const { file, signal } = adoption;
  try {
    const made = await (file.isDescribed ? takeUp : describeAndPublish)(context, adoption);
    if (made === null) return null;
    const { manifest, unlisted, gap } = made;
    const { id, startedAt } = manifest;
    const adopted = { file: file.name, backup: id, createdAt: startedAt, isAdopted: true } as const;
    if (unlisted === null && gap !== null) return { ...adopted, reason: gap, failure: null, exit: 3 };
    return { ...adopted, ...troubleOf(unlisted) };
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    const failure = withoutBlame(decodeFailure(file.name, error));
    const left = { file: file.name, backup: null, createdAt: null, isAdopted: false } as const;
    if (isUnfit(failure)) return { ...left, reason: failure.message, failure: null, exit: 3 };
    return { ...left, ...troubleOf(failure) };
  }
}

function troubleOf(failure: Failure | null): Pick<AdoptReport, "reason" | "failure" | "exit"> {
  if (failure === null) return { reason: null, failure: null, exit: 0 };
  return { reason: failure.message, failure: reportOf(failure), exit: failure.meaning.exit };
}

interface Adopted {
  readonly manifest: Manifest;
  /** Why checksums.txt does not list it, though the backup now exists. */
  readonly unlisted: Failure | null;
  /** Why it is not signed, though there is a key. */
  readonly gap: string | null;
}

async function describeAndPublish(context: Context, adoption: Adoption): Promise<Adopted> {
  const manifest = await describeFile(context, adoption);
  const { sealed, gap } = await signSealed(context, seal(manifest));
  await clearOwnHash(adoption.destination, sealed);
  // Of an adoption that died before its manifest: it speaks of other bytes than this one's.
  await adoption.destination.remove(formatBackupFile(manifest.id, manifestSignature));
  return { manifest, unlisted: await finish(context, adoption, sealed), gap };
}

/** An adoption that died, or could not tell the catalog, has written the manifest: the rest of it is done now. */
async function takeUp(context: Context, adoption: Adoption): Promise<Adopted | null> {
  const { job, destination, file } = adoption;
  const { manifest, manifestText } = await readStoredBackup(destination, file.base);
  if (!manifest.adopted || manifest.job !== job.name || manifest.id !== file.base) return null;
  return { manifest, unlisted: await finish(context, adoption, sealText(manifest, manifestText)), gap: null };
}

/** Each step that was done already is not repeated. Returns why checksums.txt does not list it. */
async function finish(context: Context, adoption: Adoption, sealed: Sealed): Promise<Failure | null> {
  const { destination, destinationId, runId } = adoption;
  const unlisted = await publish(destination, [], { runId, id: sealed.manifest.id, ...sealed });
  recordBackup(context, sealed);
  const { level } = sealed.manifest.checked;
  const copy = { destination: destination.name, level, readBack: "cached" } as const;
  recordCopy(context, sealed, { ...copy, destinationId });
  return unlisted;
}
