import { isAbsolute, relative } from "node:path";
import { formatBackupName } from "../domain/backups/backup-name.ts";
import { variablesOf } from "../domain/backups/name-template.ts";
import { Failure } from "../domain/failure.ts";
import { instant } from "../domain/instant.ts";
import type { CapsuleJob, Job, PostgresJob } from "../domain/jobs/job.ts";
import type { DestinationConfig } from "./destination-config.ts";
import { canCollide } from "./name-collision.ts";
import { describePath, type Path, type Problem } from "./problem.ts";

export interface CrossCheck {
  readonly jobs: readonly Job[];
  readonly destinations: readonly DestinationConfig[];
  readonly report: (problem: Problem) => void;
}

type BackupJob = PostgresJob | CapsuleJob;

/** What only shows when jobs and destinations are seen together. */
export function crossCheck(all: CrossCheck): void {
  const backups = all.jobs.filter((job) => job.kind === "postgres" || job.kind === "capsule");
  for (const job of backups) {
    checkCopies(job, all);
    checkTemplate(job, all.report);
    if (job.kind === "capsule") checkSelfContained(job, all);
    else checkReferences(job, backups, all.report);
  }
  for (const [index, job] of backups.entries()) {
    for (const other of backups.slice(0, index)) checkNames(job, other, all.report);
  }
}

function checkCopies(job: BackupJob, { destinations, report }: CrossCheck): void {
  for (const [index, name] of job.to.entries()) {
    const path = ["jobs", job.name, "to", index];
    if (job.to.indexOf(name) < index) {
      report(problem(path, `names "${name}" a second time; allowed: each destination once`));
    }
  }
  const partly = job.to.filter((name) => destinations.some((one) => one.name === name && !isReadInFull(one)));
  const counting = job.to.length - partly.length;
  if (counting === 0 && partly.length > 0) {
    const seen =
      "has no destination whose copies are read back in full, so that no run could ever be complete";
    report(problem(["jobs", job.name, "to"], `${seen}; needed: one with readBack: full`));
  } else if (job.requiredCopies > counting) {
    const path = ["jobs", job.name, "copies", "required"];
    const there = `there are ${job.to.length} destinations`;
    const seen = partly.length === 0 ? there : `${there}, and only ${counting} of them with readBack: full`;
    report(problem(path, `is ${job.requiredCopies}, but ${seen}; allowed: 1 to ${counting}`));
  }
}

function isReadInFull({ traits }: DestinationConfig): boolean {
  return traits.readBack === "full";
}

/** The database whose name takes most room in a file's: for jobs whose databases are only known at run time. */
const longestName = "/".repeat(63);

function checkTemplate(job: BackupJob, report: CrossCheck["report"]): void {
  const fault = findDatabaseFault(job) ?? findLengthFault(job);
  if (fault !== null) report(problem(["jobs", job.name, "name"], fault));
}

function findDatabaseFault(job: BackupJob): string | null {
  const hasDatabase = variablesOf(job.nameTemplate).includes("database");
  if (job.kind === "capsule") {
    return hasDatabase
      ? "has {database}, but a capsule has none; allowed: {date}, {time}, {timestamp}, {job}"
      : null;
  }
  const isSeveral = job.databases.kind === "all" || job.databases.names.length > 1;
  if (hasDatabase || !isSeveral) return null;
  return "has no {database}, but the job has several databases; allowed: a template with {database}";
}

function findLengthFault(job: BackupJob): string | null {
  const facts = { at: instant(0), timezone: job.timezone, job: job.name };
  try {
    for (const database of databasesOf(job)) formatBackupName(job.nameTemplate, { ...facts, database });
    return null;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return `gives names that are too long for a file (${error.message}); allowed: a shorter template`;
  }
}

function databasesOf(job: BackupJob): readonly (string | null)[] {
  if (job.kind === "capsule") return [null];
  return job.databases.kind === "all" ? [longestName] : job.databases.names;
}

/** A capsule that packs its own destination would hold all earlier capsules, and grow for ever. */
function checkSelfContained({ name, source, to }: CapsuleJob, all: CrossCheck): void {
  if (source.include.length > 0) return;
  for (const destination of all.destinations.filter((candidate) => to.includes(candidate.name))) {
    if (destination.kind !== "local") continue;
    const inner = relative(source.root, destination.path);
    const isInside = !isAbsolute(inner) && inner !== ".." && !inner.startsWith("../");
    if (
      !isInside ||
      source.exclude.some((glob) => inner !== "" && glob.startsWith(inner.split("/")[0] ?? inner))
    )
      continue;
    const hint =
      inner === ""
        ? "another destination, or an include list"
        : `exclude: ["${inner}/**"], or an include list`;
    all.report(
      problem(
        ["jobs", name, "capsule"],
        `would pack its own destination "${destination.name}"; allowed: ${hint}`,
      ),
    );
  }
}

/** What no capsule of the set could answer would never be checked, and nobody would be told. */
function checkReferences(
  job: PostgresJob,
  backups: readonly BackupJob[],
  report: CrossCheck["report"],
): void {
  if (job.references.length === 0) return;
  const isMet = backups.some(
    (other) => other.kind === "capsule" && job.set !== null && other.set === job.set,
  );
  if (isMet) return;
  const message =
    job.set === null
      ? "needs a set; allowed: the same set in this job and in the job of the capsule that holds the files"
      : `finds no capsule in the set "${job.set}"; allowed: the same set in the job of the capsule that holds the files`;
  report(problem(["jobs", job.name, "references"], message));
}

function checkNames(job: BackupJob, other: BackupJob, report: CrossCheck["report"]): void {
  const shared = job.to.find((name) => other.to.includes(name));
  if (shared === undefined || !canCollide(job, other)) return;
  const message = `can give the same name as the job "${other.name}" at the destination "${shared}"; allowed: templates that differ, for instance by {job}`;
  report(problem(["jobs", job.name, "name"], message));
}

function problem(path: Path, message: string): Problem {
  return { path, at: "value", message: `${describePath(path)} ${message}` };
}
