import type { Instant } from "../instant.ts";
import { describeAge, describeCount, describeSize, describeSubject } from "../plain-words.ts";
import { findingsOf } from "./alert-condition.ts";
import type { AlertFacts, DiskFact, JobFact } from "./alert-facts.ts";
import type { AlertMessage } from "./alert-message.ts";
import type { AlertState } from "./alert-state.ts";
import { idOf, nextLine } from "./alert-words.ts";

/**
 * One screen about everything, well or not. It also proves once a week that messages arrive: whoever misses it
 * knows that the way is broken.
 */
export function digestMessage(facts: AlertFacts, states: readonly AlertState[]): AlertMessage {
  const { jobs, disk, host, now } = facts;
  const { conditions: sick } = findingsOf(facts);
  const nextStep = sick[0]?.nextStep ?? "codex-backup status";
  const open = states.filter(({ incident }) => incident !== null).length;
  return {
    id: idOf("digest", "digest", now),
    event: "digest",
    severity: sick.length > 0 ? "warning" : "info",
    key: "digest",
    job: null,
    database: null,
    subject: subjectOf(
      facts,
      sick.map(({ what }) => what),
    ),
    lines: [
      ...jobs.map((job) => jobLine(job, facts)),
      ...disk.map(diskLine),
      open === 0 ? "No problem is open." : `${describeCount(open, "problem is", "problems are")} open.`,
      "This comes by the calendar, well or not: when it fails to come, look at this machine.",
      nextLine(nextStep),
    ],
    nextStep,
    since: null,
    lastGoodAt: null,
    runId: null,
    host,
    at: now,
  };
}

function subjectOf({ jobs, host }: AlertFacts, wrong: readonly string[]): string {
  const names = jobs.filter(({ healthy }) => !healthy).map(({ job }) => job);
  if (names.length > 0) {
    const listed = [...new Set(names)].slice(0, 3).join(", ");
    return `NOT WELL: ${listed} (${names.length} of ${describeCount(jobs.length, "job")}) on ${host}: weekly digest`;
  }
  if (wrong.length > 0) return `NOT WELL: ${wrong[0]} on ${host}: weekly digest`.slice(0, 220);
  return `All well: ${describeCount(jobs.length, "job")} on ${host}: weekly digest`;
}

function jobLine(job: JobFact, { now }: AlertFacts): string {
  const name = describeSubject(job.job, job.database);
  const state = job.healthy ? "well" : "NOT WELL";
  if (job.lastGoodAt === null) return `${name}: ${state}; ${job.reason}`;
  const good = `newest good ${job.noun} ${describeAge(now - job.lastGoodAt)} old`;
  const proven = job.noun === "run" ? "" : `, ${provenText(job, now)}`;
  const size = job.sizeBytes === null ? "" : `, ${describeSize(job.sizeBytes)}`;
  const concerns = job.concerns.map(({ message }) => `; ${message}`).join("");
  return `${name}: ${state}; ${good}${proven}${size}${job.healthy ? "" : `; ${job.reason}`}${concerns}`;
}

function provenText({ newestProvenAt }: JobFact, now: Instant): string {
  return newestProvenAt === null ? "never proven" : `newest proven ${describeAge(now - newestProvenAt)} old`;
}

function diskLine({ destination, failure, forecast, freeBytes, totalBytes }: DiskFact): string {
  if (failure !== null) return `${destination}: CANNOT BE USED; ${failure.message}`;
  if (forecast !== null) return `${destination}: ${forecast}`;
  if (freeBytes === null || totalBytes === null || totalBytes === 0)
    return `${destination}: does not tell its size`;
  const used = Math.round((1 - freeBytes / totalBytes) * 100);
  return `${destination}: ${used} % full, ${describeSize(freeBytes)} free`;
}
