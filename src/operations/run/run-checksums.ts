import type { Destination } from "../../destinations/destination.ts";
import { type ChecksumReview, reviewChecksums } from "../../domain/checksums/checksum-review.ts";
import {
  type ChecksumVerdict,
  judgeChecksums,
  namesToHash,
} from "../../domain/checksums/checksum-verdict.ts";
import { Failure } from "../../domain/failure.ts";
import type { ChecksumsJob } from "../../domain/jobs/job.ts";
import type { RunReport } from "../../domain/runs/run-report.ts";
import { hashPaths } from "../../platform/hash.ts";
import { type Context, destinationNamed } from "../context.ts";
import { attempt, type Work } from "./attempt.ts";
import { reportChecksums } from "./checksums-report.ts";
import { underHooks } from "./hooks.ts";
import type { JobRun } from "./job-run.ts";
import { readOwnChecksums } from "./own-checksums.ts";
import { startWatch, underWatch, type Watch } from "./watch.ts";

/**
 * The nightly checksums task: compares every file that has an entry with its bytes, adds settled files of
 * other scripts, and never changes an entry because the bytes did. A mismatch is exit 4, every night, until
 * the file is restored or accepted.
 */
export async function runChecksums(
  context: Context,
  job: ChecksumsJob,
  { runId, slot, signal }: JobRun,
): Promise<readonly RunReport[]> {
  const facts = { runId, job: job.name, database: null, slot };
  const report = await attempt(context, facts, async (inner) => {
    return underHooks(inner, { job, facts, signal }, () => {
      const limits = { job: job.name, timeoutMs: job.timeoutMs, stallMs: null };
      const watch = startWatch(inner.clock, signal, limits);
      return underWatch(watch, () => checksumsWork(inner, job, watch));
    });
  });
  return [report];
}

async function checksumsWork(context: Context, job: ChecksumsJob, watch: Watch): Promise<Work> {
  const destination = destinationNamed(context, job.destination);
  const { checksums } = destination;
  if (checksums === null) {
    throw new Failure(
      "usage.refused",
      `Cannot check "${job.destination}": it is no directory that could have a checksums.txt`,
      {
        hint: "Name a destination with a path.",
      },
    );
  }
  await destination.ready();
  const read = await checksums.read();
  const files = await destination.list();
  const own = await readOwnChecksums(context, destination, { files, entries: read.entries });
  const seen = context.catalog.foreignSeen(destination.name);
  const now = context.clock.now();
  const review = reviewChecksums({ entries: read.entries, files, own: own.hashes, seen, now });
  const verdict = await hashAndJudge(context, destination, { job, review, watch });
  const added = read.malformed.length === 0 ? verdict.toAdd : [];
  if (added.length > 0) await checksums.add(added);
  const remembered = review.seen.filter((file) => !added.some((line) => line.path === file.name));
  context.catalog.putForeignSeen(destination.name, remembered);
  return reportChecksums(destination, { read, own, review, verdict, added });
}

interface Judging {
  readonly job: ChecksumsJob;
  readonly review: ChecksumReview;
  readonly watch: Watch;
}

async function hashAndJudge(
  context: Context,
  destination: Destination,
  { job, review, watch }: Judging,
): Promise<ChecksumVerdict> {
  const names = namesToHash(review);
  const paths = names.map((name) => destination.localPath(name) ?? "");
  const hashed = await hashPaths(paths, {
    signal: watch.signal,
    onProgress: (doneBytes) =>
      context.onProgress({
        subject: job.name,
        step: "checksums",
        doneBytes,
        totalBytes: null,
        current: null,
      }),
  });
  const findings = names.map((name, index) => {
    const found = hashed[index] ?? { kind: "unreadable", reason: "it was not hashed" };
    return { ...found, name };
  });
  return judgeChecksums(review, findings);
}
