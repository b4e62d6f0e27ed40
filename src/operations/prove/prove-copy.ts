import { asFailure, Failure, reportOf } from "../../domain/failure.ts";
import { formatInstant } from "../../domain/instant.ts";
import type { BackupJob } from "../../domain/jobs/job.ts";
import type { ThrowawayChoice } from "../../domain/jobs/prove-settings.ts";
import type { Level } from "../../domain/level.ts";
import { differing, judgeProof, type ProofJudgement } from "../../domain/proofs/judge-proof.ts";
import type { ProofReceipt } from "../../domain/proofs/proof-receipt.ts";
import { type ProofReport, tablesOf } from "../../domain/proofs/proof-report.ts";
import type { Decryptor } from "../../encryption/encryption.ts";
import type { Context } from "../context.ts";
import { filesOfCopy } from "../restore/backup-files.ts";
import { openPlain, unseal } from "../restore/unseal.ts";
import { unlikeRecords } from "../unlike-records.ts";
import { type CheckedFiles, checkCopy } from "../verify/check-copy.ts";
import { keepResult } from "../verify/keep-result.ts";
import type { Begun } from "./begun.ts";
import type { ChosenPlace } from "./choose-place.ts";
import { type Findings, nothingCompared, nothingFound } from "./findings.ts";
import { asSeenWith, fittingKey } from "./fitting-key.ts";
import { keepProof } from "./keep-proof.ts";
import { knownCopy, prunedFailure } from "./known-copy.ts";
import type { OpenedBackup } from "./opened-backup.ts";
import { proveCapsule } from "./prove-capsule.ts";
import { proveDatabase } from "./prove-database.ts";

export interface CopyProof {
  readonly begun: Begun;
  /** Null: no longer in the config. */
  readonly job: BackupJob | null;
  readonly server: ThrowawayChoice;
  readonly identityFile: string | null;
  /** Aborts also when the proof takes too long. */
  readonly signal: AbortSignal;
  /** The caller's own: what it ends is no result. */
  readonly outer: AbortSignal;
}

/** Hash, restore, compare, keep. What goes wrong on the way is kept too; a caller that gave up, or gave a wrong key, is not. */
export async function proveCopy(
  context: Context,
  place: ChosenPlace,
  proof: CopyProof,
): Promise<ProofReport> {
  const decryptor = await fittingKey(context, place.stored.manifest, proof.identityFile);
  const unlike = await unlikeRecords(context, place.destination, place.stored);
  const hashing = hashCopy(context, place, { unlike, signal: proof.signal });
  if (unlike.length > 0) return damagedReport(context, place, { proof, checked: await hashing });
  const hashed = demandSound(place, hashing);
  const { findings, judged } = await restoreAndJudge(context, place, { proof, hashed, decryptor });
  await hashed.catch(() => undefined); // whatever is thrown now, nobody reads the copy any more
  if (judged.failure !== null) demandNotRemoved(context, place);
  const checked = await hashing;
  if (checked.differences.length > 0) return damagedReport(context, place, { proof, checked });
  if (judged.failure?.code === "backup.mismatch") {
    const again = await hashCopy(context, place, { unlike, signal: proof.signal });
    if (again.differences.length > 0) return damagedReport(context, place, { proof, checked: again });
  }
  proof.outer.throwIfAborted();
  const receipt = receiptOf(context, place, { proof, findings, judged });
  const kept = await keepProof(context, place, { receipt, level: judged.level, readBack: checked.readBack });
  const { level, warnings } = kept;
  return {
    ...reportFrom(receipt, place, judged.failure),
    level,
    warnings: [...receipt.warnings, ...warnings],
    receipt: kept.receipt,
  };
}

/** What is missing of a copy that policy removes at this very moment is no damage. Throws "proof.nothing". */
function demandNotRemoved(context: Context, { row, destination }: ChosenPlace): void {
  if (knownCopy(context, row, destination.name) === null) throw prunedFailure(row.id);
}

/** Throws "backup.mismatch" where there are differences. Begun at once, and seen by whoever sends the first byte. */
function demandSound({ stored }: ChosenPlace, hashing: Promise<CheckedFiles>): Promise<void> {
  const hashed = hashing.then(({ differences }) => {
    if (differences.length > 0) throw damaged(stored.manifest.id, differences);
  });
  hashed.catch(() => undefined); // proveCopy sees it
  return hashed;
}

interface Hashing {
  readonly unlike: readonly string[];
  readonly signal: AbortSignal;
}

/** As verify does at its level "hashed". */
async function hashCopy(
  context: Context,
  { destination, stored }: ChosenPlace,
  { unlike, signal }: Hashing,
): Promise<CheckedFiles> {
  const found = await checkCopy(context, destination, { stored, level: "hashed", signal });
  return { ...found, differences: [...unlike, ...found.differences] };
}

interface Judged {
  readonly findings: Findings;
  readonly judged: ProofJudgement;
}

interface Restoring {
  readonly proof: CopyProof;
  readonly hashed: Promise<void>;
  readonly decryptor: Decryptor | null;
}

async function restoreAndJudge(context: Context, place: ChosenPlace, restoring: Restoring): Promise<Judged> {
  const { proof, hashed } = restoring;
  const { manifest } = place.stored;
  const { id } = manifest;
  try {
    const backup = await openBackup(context, place, restoring);
    const isCapsule = backup.manifest.kind === "capsule";
    const findings = await (isCapsule ? proveCapsule(context, backup) : proveDatabase(context, backup));
    return { findings, judged: judgeProof(id, findings.comparison, findings.assertions) };
  } catch (error) {
    const seen = proof.signal.aborted ? proof.signal.reason : error;
    const failure = asSeenWith(asFailure(seen, "run.internal", `Cannot prove "${id}"`), manifest);
    if (failure.code !== "encryption.no-identity") return notJudged(failure, id);
    await hashed.catch(() => undefined); // a wrong key ends the proof, whatever its hashes say
    throw failure;
  }
}

/**
 * Its stored bytes are those of its manifest: where what is in them is damaged, the manifest was made of damage. Bytes
 * that are read otherwise now than a moment ago say nothing of what is stored.
 */
function notJudged(failure: Failure, id: string): Judged {
  if (failure.meaning.exit !== 4 || failure.code === "backup.mismatch") {
    return { findings: nothingFound, judged: { outcome: "failed", failure, level: null } };
  }
  const differences = [failure.message];
  return {
    findings: { ...nothingFound, comparison: { ...nothingCompared, differences } },
    judged: { outcome: "mismatch", failure: differing(id, differences), level: "unknown" },
  };
}

async function openBackup(
  context: Context,
  place: ChosenPlace,
  { proof: { job, server, signal, begun }, hashed, decryptor }: Restoring,
): Promise<OpenedBackup> {
  const files = filesOfCopy(place);
  const manifest = await unseal(files, decryptor);
  const encrypted = manifest.files.find((file) => file.encryption !== undefined);
  const opened = encrypted === undefined ? null : await openPlain(files, encrypted, decryptor);
  opened?.stream.destroy();
  const subject = manifest.job;
  return {
    ...{ files, manifest, decryptor, server, signal, hashed },
    openedBy: opened?.openedBy ?? null,
    job: job?.kind === "postgres" ? job : null,
    startedMs: begun.ms,
    onProgress: (step, doneBytes, totalBytes) =>
      context.onProgress({ subject, step, doneBytes, totalBytes, current: manifest.id }),
  };
}

function receiptOf(
  { clock, version }: Context,
  { destinationId, stored }: ChosenPlace,
  { proof, findings, judged }: Judged & { readonly proof: CopyProof },
): ProofReceipt {
  const { manifest, manifestSha256 } = stored;
  const { comparison, assertions, server, restoreMs, contentBytes, openedBy, warnings } = findings;
  return {
    format: "codex-backup-proof",
    version: 1,
    ...{ backup: manifest.id, job: manifest.job, database: manifest.database },
    ...{ destinationId, manifestSha256, outcome: judged.outcome },
    startedAt: formatInstant(proof.begun.at),
    finishedAt: formatInstant(clock.now()),
    durationMs: Math.round(clock.monotonicMs() - proof.begun.ms),
    ...{ server, restoreMs, contentBytes, openedBy, assertions, warnings: [...warnings] },
    compared: { ...comparison.compared },
    tables: comparison.tables,
    differences: [...comparison.differences],
    unproven: comparison.unproven,
    failure: judged.failure === null ? null : reportOf(judged.failure),
    tool: version,
  };
}

type ReportBasis = Omit<ProofReport, "level" | "receipt">;

function reportFrom(
  receipt: ProofReceipt,
  { destination }: ChosenPlace,
  failure: Failure | null,
): ReportBasis {
  const { backup, job, database, outcome, startedAt, durationMs, restoreMs, server } = receipt;
  const { contentBytes, openedBy, compared, differences, unproven, assertions, warnings } = receipt;
  return {
    ...{ backup, job, database, destination: destination.name, outcome, startedAt, durationMs, restoreMs },
    ...{ server, contentBytes, openedBy, compared, differences, unproven, assertions, warnings },
    tables: tablesOf(receipt),
    failure: failure === null ? null : reportOf(failure),
    exit: failure?.meaning.exit ?? 0,
  };
}

interface Damaged {
  readonly proof: CopyProof;
  readonly checked: CheckedFiles;
}

/** Nothing was restored: what was found is kept as the result of a check, which a check can clear once it is mended. */
async function damagedReport(
  context: Context,
  place: ChosenPlace,
  { proof, checked }: Damaged,
): Promise<ProofReport> {
  demandNotRemoved(context, place);
  const { stored, destination, row } = place;
  const { id } = row;
  const candidate = { id, known: row };
  const seen = { ...place, kind: "seen", name: destination.name } as const;
  const kept = await keepResult(context, { candidate, place: seen, stored, checked });
  const failure = damaged(id, checked.differences);
  const judged: ProofJudgement = { outcome: "mismatch", failure, level: "unknown" };
  const comparison = { ...nothingCompared, differences: checked.differences };
  const receipt = receiptOf(context, place, { proof, judged, findings: { ...nothingFound, comparison } });
  const level: Level = "unknown";
  return { ...reportFrom(receipt, place, failure), level, receipt: null, warnings: kept?.warnings ?? [] };
}

function damaged(id: string, differences: readonly string[]): Failure {
  const [first = "it is damaged"] = differences;
  return new Failure("backup.mismatch", `Cannot prove "${id}": ${first}`, {
    hint: "Prove another copy with --destination; codex-backup verify tells which copies are good.",
  });
}
