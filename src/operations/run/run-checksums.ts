import type { Destination, DirectoryChecksums } from "../../destinations/destination.ts";
import { type ChecksumReview, reviewChecksums } from "../../domain/checksum-review.ts";
import { type ChecksumVerdict, judgeChecksums, namesToHash } from "../../domain/checksum-verdict.ts";
import { Failure } from "../../domain/failure.ts";
import type { ChecksumsJob } from "../../domain/job.ts";
import { describeCount } from "../../domain/plain-words.ts";
import type { RunReport } from "../../domain/run-report.ts";
import { hashPaths } from "../../platform/hash.ts";
import { type Context, destinationNamed } from "../context.ts";
import { readBirthHashes } from "../own-hash.ts";
import { attempt, type Work } from "./attempt.ts";
import type { JobRun } from "./run.ts";
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
    const watch = startWatch(inner.clock, signal, { job: job.name, timeoutMs: job.timeoutMs, stallMs: null });
    return underWatch(watch, () => checksumsWork(inner, job, watch));
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
  const review = await takeReview(context, destination, checksums);
  const verdict = await hashAndJudge(context, destination, { job, review, watch });
  await checksums.add(verdict.toAdd);
  const remembered = review.seen.filter((file) => !verdict.toAdd.some((line) => line.path === file.name));
  context.catalog.putForeignSeen(destination.name, remembered);
  return workOf(destination, review, verdict);
}

async function takeReview(
  context: Context,
  destination: Destination,
  checksums: DirectoryChecksums,
): Promise<ChecksumReview> {
  return reviewChecksums({
    entries: await checksums.entries(),
    files: await destination.list(),
    own: await ownHashes(destination),
    seen: context.catalog.foreignSeen(destination.name),
    now: context.clock.now(),
  });
}

/** From the NAME.sha256 beside each of our backups. */
async function ownHashes(destination: Destination): Promise<ReadonlyMap<string, string>> {
  const born = await readBirthHashes(destination);
  return new Map([...born].map(([name, { sha256 }]) => [name, sha256]));
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

function workOf(destination: Destination, review: ChecksumReview, verdict: ChecksumVerdict): Work {
  const bad = [
    ...verdict.mismatched.map((line) => `changed since its checksum was taken: "${line.path}"`),
    ...verdict.missing.map((name) => `missing: "${name}"`),
    ...verdict.unreadable.map(({ name, reason }) => `could not be read: "${name}" (${reason})`),
    ...review.contradictions.map(
      ({ name }) => `checksums.txt and the backup's own .sha256 differ: "${name}"`,
    ),
  ];
  const notes = [
    ...verdict.toAdd.map((line) => `added "${line.path}"`),
    ...verdict.postponed.map((name) => `still changing, left for the next night: "${name}"`),
  ];
  const basis = { backup: null, copies: [], windowMs: null } as const;
  if (bad.length === 0)
    return { ...basis, ...soundOutcome(destination, { review, verdict, notes }), failure: null };
  const failure = new Failure(
    "checksums.mismatch",
    `Cannot vouch for ${describeCount(bad.length, "file")} in ${destination.location}: ${bad.slice(0, 5).join("; ")}${bad.length > 5 ? "; …" : ""}`,
    {
      hint: 'Restore the file from another copy; if it was replaced on purpose: codex-backup checksums accept FILE --why "…".',
      context: { damaged: bad.length, equal: verdict.equal },
    },
  );
  const summary = `${describeCount(bad.length, "file")} damaged or missing, ${verdict.equal} equal`;
  return { ...basis, outcome: "failed", warnings: [...bad, ...notes], failure, summary };
}

interface Sound {
  readonly review: ChecksumReview;
  readonly verdict: ChecksumVerdict;
  readonly notes: readonly string[];
}

/** Nothing is damaged. That nothing was compared is no success either, unless tonight gave the first entries. */
function soundOutcome(
  { location }: Destination,
  { review, verdict, notes }: Sound,
): Pick<Work, "outcome" | "warnings" | "summary"> {
  const { outcome, equal, toAdd, postponed } = verdict;
  const added = toAdd.length > 0 ? `, ${toAdd.length} added` : "";
  if (outcome !== "unknown") {
    return {
      outcome: "complete",
      warnings: notes,
      summary: `${describeCount(equal, "file")}, all equal${added}`,
    };
  }
  if (toAdd.length > 0)
    return { outcome: "complete", warnings: notes, summary: `nothing to compare yet${added}` };
  const still =
    postponed.length + review.unsettled.length > 0 ? ", and what lies there is still changing" : "";
  const nothing = `nothing was compared: checksums.txt in ${location} has no entry${still}`;
  return { outcome: "incomplete", warnings: [nothing, ...notes], summary: "nothing was compared" };
}
