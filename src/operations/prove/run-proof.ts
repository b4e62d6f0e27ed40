import type { BackupRow, CopyRow } from "../../catalog/catalog.ts";
import { parseManifest } from "../../domain/backups/manifest-text.ts";
import { keyForProofs } from "../../domain/encryption/scheduled-key.ts";
import { Failure, messageOf } from "../../domain/failure.ts";
import type { ProofJob } from "../../domain/jobs/job.ts";
import { proofsOfRun } from "../../domain/proofs/proof-lines.ts";
import type { ProofReport } from "../../domain/proofs/proof-report.ts";
import { hiddenContent } from "../../domain/proofs/summarise-proof.ts";
import type { RunReport } from "../../domain/runs/run-report.ts";
import { type Context, destinationNamed } from "../context.ts";
import { isGood } from "../list.ts";
import { foundNothing } from "../proof-status.ts";
import { attempt, failedWork, type Work } from "../run/attempt.ts";
import type { JobRun } from "../run/job-run.ts";
import { demandSameDisk } from "../same-disk.ts";
import { newestOfEach } from "./choose-backups.ts";
import { underProofLock } from "./proof-lock.ts";
import { proveBackup } from "./prove-backup.ts";

/** So long another proof on this host is waited for where the job itself has no limit. */
const patienceMs = 12 * 3_600_000;

/**
 * The proofs of a job as runs of a job of their own, one for each database: of its newest good backup, or of those that
 * the run before has just made. They wait for another proof on this host, so that two jobs of one hour are both proven.
 */
export async function runProof(
  context: Context,
  job: ProofJob,
  { slot, signal, runId, backups }: JobRun,
): Promise<readonly RunReport[]> {
  const rows = chosenRows(context, job, backups ?? null);
  if (rows.length === 0) {
    const facts = { runId, job: job.name, database: null, slot };
    return [await attempt(context, facts, async () => failedWork(nothingGood(job)))];
  }
  const reports: RunReport[] = [];
  for (const [index, row] of rows.entries()) {
    if (signal.aborted) break;
    const id = index === 0 ? runId : context.newRunId();
    const facts = { runId: id, job: job.name, database: row.database, slot };
    reports.push(await attempt(context, facts, (inner) => proveOne(inner, job, { row, signal })));
  }
  return reports;
}

function chosenRows(
  { catalog }: Context,
  job: ProofJob,
  ids: readonly string[] | null,
): readonly BackupRow[] {
  if (ids !== null) return ids.map((id) => catalog.backup(job.of, id)).filter((row) => row !== null);
  return newestOfEach(catalog.backups({ job: job.of }).filter(isGood));
}

interface One {
  readonly row: BackupRow;
  readonly signal: AbortSignal;
}

async function proveOne(context: Context, job: ProofJob, { row, signal }: One): Promise<Work> {
  const waitMs = job.timeoutMs ?? patienceMs;
  return underProofLock(context, { waitMs, signal }, async () => {
    const { destination, passedOver } = await leastProven(context, row);
    const wish = { row, destination, identityFile: null, server: null, signal };
    return workOf(context, { row, report: await proveBackup(context, wish), passedOver });
  });
}

interface LeastProven {
  /** Null: whichever a restore would take. */
  readonly destination: string | null;
  /** Copies that it was the turn of and that could not be reached, one line each. */
  readonly passedOver: readonly string[];
}

/** Where the copy lies that no proof was made of, or the one that was proven longest ago, of those that can be reached now. */
async function leastProven(context: Context, row: BackupRow): Promise<LeastProven> {
  const proofs = context.catalog.proofs({ job: row.job, backupId: row.id, outcome: "proven" });
  const provenAt = ({ destinationId }: CopyRow) =>
    proofs.find((proof) => proof.destinationId === destinationId)?.at ?? 0;
  const whole = row.copies.filter(({ state }) => state === "whole");
  const passedOver: string[] = [];
  for (const copy of whole.toSorted((a, b) => provenAt(a) - provenAt(b))) {
    try {
      const destination = destinationNamed(context, copy.destination);
      demandSameDisk(destination, await destination.look(), copy);
      return { destination: copy.destination, passedOver };
    } catch (error) {
      passedOver.push(
        `not proven, though it was its turn: the copy at "${copy.destination}": ${messageOf(error)}`,
      );
    }
  }
  return { destination: null, passedOver };
}

interface Done {
  readonly row: BackupRow;
  readonly report: ProofReport;
  readonly passedOver: readonly string[];
}

function workOf(context: Context, { row, report: seen, passedOver }: Done): Work {
  const isSealed = isSealedBackup(context, row);
  const report = isSealed ? { ...seen, ...hiddenContent(seen), tables: [] } : seen;
  const { outcome, destination, level, failure } = report;
  const location = destination === null ? "" : (context.destinations.get(destination)?.location ?? "");
  // A proof of what is empty did all that there was to do: status says that there is nothing to prove.
  const isEmpty = foundNothing(report);
  const { summary: said, warnings } = proofsOfRun(report);
  const summary = isEmpty ? `${report.backup}: nothing to prove, it is empty` : said;
  const { code = null, message = "", hint: saidHint = null } = isEmpty ? {} : (failure ?? {});
  const hint = code === "encryption.no-identity" ? keyForProofs(row.job) : saidHint; // nobody is here who could give one
  return {
    outcome: outcome === "proven" || isEmpty ? "complete" : "failed",
    backup: null,
    copies:
      destination === null
        ? []
        : [{ destination, location, level, readBack: null, late: false, failure: null }],
    windowMs: null,
    warnings: [...passedOver, ...warnings],
    untold: isSealed ? untoldOf(seen) : [],
    failure: code === null ? null : new Failure(code, message, hint === null ? {} : { hint }),
    summary,
  };
}

function untoldOf(seen: ProofReport): readonly string[] {
  const { summary, warnings } = proofsOfRun(seen);
  return [summary, ...warnings, ...(seen.failure === null ? [] : [seen.failure.message])];
}

/** By itself: its job may be encrypted only since, or no longer. */
function isSealedBackup({ catalog }: Context, { job, id }: BackupRow): boolean {
  const text = catalog.manifestText(job, id);
  return text === null || parseManifest(Buffer.from(text), `catalog: ${id}`).encryption !== undefined;
}

function nothingGood(job: ProofJob): Failure {
  return new Failure("proof.nothing", `Cannot prove "${job.of}": it has no good backup`, {
    hint: `Make one with codex-backup run ${job.of}.`,
  });
}
