import type { FailureReport } from "../../failure.ts";
import type { HealthRule } from "../../health/health.ts";
import type { ConcernKind, JobConcern, ReportedRecovery } from "../../health/status-report.ts";
import { describeDuration, describeSize, describeSubject } from "../../plain-words.ts";
import type { CheckCode } from "../check-table.ts";
import { type Diagnosis, diagnose, shellWord } from "../finding.ts";

/** What is known of the proofs of one job. */
export interface ProofCheckFacts {
  readonly job: string;
  /** Proofs are to be made, by a schedule or after each run. */
  readonly isProven: boolean;
  /** What a proof would be made with, and why it could not; both null: nothing was asked. */
  readonly server: { readonly description: string | null; readonly failure: FailureReport | null };
  /** Where proofs are made on this host; null: elsewhere. */
  readonly room: ProofRoom | null;
  readonly databases: readonly ProvenDatabase[];
}

interface ProofRoom {
  readonly path: string;
  readonly freeBytes: number | null;
  /** Null while nobody knows. */
  readonly needBytes: number | null;
}

export interface ProvenDatabase {
  readonly database: string | null;
  readonly rule: HealthRule;
  readonly reason: string;
  readonly rtoMs: number | null;
  readonly recovery: Pick<ReportedRecovery, "estimateMs"> | null;
  readonly concerns: readonly JobConcern[];
}

/** Whether tonight's proof can be made, and what proofs have told. */
export function judgeProof(facts: ProofCheckFacts): readonly Diagnosis[] {
  const { job, isProven } = facts;
  const found = [
    ...(isProven ? [...judgeServer(facts), ...judgeRoom(facts)] : []),
    ...facts.databases.flatMap((database) => judgeDatabase(facts, database)),
  ];
  if (found.length > 0 || !isProven) return found;
  const { description } = facts.server;
  return [
    diagnose(
      "proof.ok",
      job,
      description === null ? "proofs can be made" : `proofs are made with ${description}`,
    ),
  ];
}

function judgeServer({ job, server: { failure } }: ProofCheckFacts): readonly Diagnosis[] {
  if (failure === null) return [];
  const message = [failure.message, failure.hint].filter((line) => line !== null).join("\n");
  return [diagnose("proof.no-server", job, message)];
}

function judgeRoom({ job, room }: ProofCheckFacts): readonly Diagnosis[] {
  if (room === null || room.freeBytes === null || room.needBytes === null) return [];
  const { path, freeBytes, needBytes } = room;
  if (freeBytes >= needBytes) return [];
  const message = `${describeSize(freeBytes)} are free in ${path}, a proof needs about ${describeSize(needBytes)}`;
  return [diagnose("proof.space", job, { message, commands: [`df -h ${shellWord(path)}`] })];
}

const concernCodes = {
  suspect: "proof.suspect",
  rto: "proof.rto",
  key: "proof.key",
  unproven: "proof.failed",
  empty: "proof.nothing",
  damaged: "history.damaged",
  gone: "history.gone",
  pruning: "history.not-pruned",
  unread: "history.unread",
} as const satisfies Record<ConcernKind, CheckCode>;

const codes = { mismatch: "proof.mismatch", proof: "proof.missed", rto: "proof.rto" } as const;

function judgeDatabase({ job, isProven }: ProofCheckFacts, database: ProvenDatabase): readonly Diagnosis[] {
  const { rule, reason, rtoMs, recovery, concerns } = database;
  const subject = describeSubject(job, database.database);
  const told = concerns.map(({ kind, message, nextStep }) =>
    diagnose(concernCodes[kind], subject, { message, commands: [nextStep] }),
  );
  if (rule === "mismatch" || rule === "proof" || rule === "rto") {
    const commands = ["codex-backup status", `codex-backup prove --job ${shellWord(job)} --latest`];
    return [diagnose(codes[rule], subject, { message: reason, commands }), ...told];
  }
  if (rtoMs === null || recovery !== null) return told;
  const next = isProven ? "its first proof will measure one" : "none will be until prove is set for the job";
  const message = `its rto is ${describeDuration(rtoMs)}, and no restore was measured yet: ${next}`;
  return [...told, diagnose("proof.unmeasured", subject, message)];
}
