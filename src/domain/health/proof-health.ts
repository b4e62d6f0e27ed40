import { type Instant, instant } from "../instant.ts";
import { describeAge } from "../plain-words.ts";
import type { RtoFinding } from "../recovery/rto.ts";
import { graceOf, type Health } from "./health.ts";

/** What is known of the proofs of one job and database. */
export interface ProofFacts {
  readonly now: Instant;
  /** The newest slot of `prove.schedule` at or before a moment; null: proofs have no schedule. */
  readonly slotBefore: ((at: Instant) => Instant | null) | null;
  readonly afterEach: boolean;
  /** Nothing was to be proven before. */
  readonly knownSince: Instant;
  /** Start of the newest good backup; null: there is nothing to prove. */
  readonly newestGoodAt: Instant | null;
  /** Start of the newest good backup that was made at that moment or before it; null: none. */
  readonly goodBefore: (at: Instant) => Instant | null;
  /** When the last proof was made that found everything equal. */
  readonly lastProvenAt: Instant | null;
  /** Start of the newest backup that is proven. */
  readonly provenBackupAt: Instant | null;
  /** The last proof that found anything, good or bad; null: none did. */
  readonly lastVerdict: ProofVerdict | null;
  /** The last proof, when it found that there is nothing to compare; null: it found something, or there was none. */
  readonly nothing: {
    readonly at: Instant;
    /** Start of its backup; null: that is gone. */
    readonly backupAt: Instant | null;
  } | null;
  /** As the job's own; null: 2 h, or three times as long as proofs usually take. */
  readonly graceMs: number | null;
  readonly usualProofMs: number | null;
  readonly rto: RtoFinding | null;
}

interface ProofVerdict {
  readonly outcome: "proven" | "mismatch";
  readonly at: Instant;
  readonly backupId: string;
  /** One line: what was found. */
  readonly summary: string;
}

/**
 * What proofs add to a job's health, where its backups by themselves are well: mismatch (the last proof found other
 * content than was backed up), proof (none was made when one was due), rto (a restore takes longer than it may).
 * They speak before a destination that cannot be used: that is told of the destination, too, and hides nothing.
 */
export function healthWithProofs(health: Health, facts: ProofFacts): Health {
  if (!health.healthy && health.rule !== "destination") return health;
  return (
    mismatched(facts) ??
    proofMissed(facts) ??
    backupUnproven(facts) ??
    rtoMissed(facts) ??
    withNothing(health, facts)
  );
}

/** Never proven, and no fault of the proofs: it was made, and there was nothing in it. */
function withNothing(health: Health, { nothing }: ProofFacts): Health {
  return nothing === null ? health : { ...health, reason: `${health.reason}; nothing to prove: it is empty` };
}

function mismatched({ lastVerdict, now }: ProofFacts): Health | null {
  if (lastVerdict?.outcome !== "mismatch") return null;
  const { backupId, at, summary } = lastVerdict;
  const age = describeAge(Math.max(0, now - at));
  return ill("mismatch", `the proof of ${backupId}, ${age} ago, does not agree with it: ${summary}`);
}

function proofMissed(facts: ProofFacts): Health | null {
  const { now, newestGoodAt, lastProvenAt, knownSince } = facts;
  const slot = facts.slotBefore?.(instant(now - graceOfProof(facts))) ?? null;
  if (slot === null || slot < knownSince || newestGoodAt === null) return null;
  if (facts.goodBefore(slot) === null) return null; // there was nothing to prove then
  if (isSince(lastProvenAt, slot) || isSince(facts.nothing?.at ?? null, slot)) return null;
  return ill("proof", `a proof was due ${describeAge(now - slot)} ago, and ${lastProof(facts)}`);
}

function backupUnproven(facts: ProofFacts): Health | null {
  const { now, afterEach, knownSince, provenBackupAt } = facts;
  const due = afterEach ? facts.goodBefore(instant(now - graceOfProof(facts))) : null;
  if (due === null || due < knownSince) return null;
  if (isSince(provenBackupAt, due) || isSince(facts.nothing?.backupAt ?? null, due)) return null;
  return ill(
    "proof",
    `its backup of ${describeAge(now - due)} ago is not proven yet, and ${lastProof(facts)}`,
  );
}

function isSince(at: Instant | null, due: Instant): boolean {
  return at !== null && at >= due;
}

function rtoMissed({ rto }: ProofFacts): Health | null {
  return rto?.kind === "missed" ? ill("rto", rto.message) : null;
}

function graceOfProof({ graceMs, usualProofMs }: ProofFacts): number {
  return graceOf({ graceMs, usualDurationMs: usualProofMs });
}

function lastProof({ lastProvenAt, now }: ProofFacts): string {
  if (lastProvenAt === null) return "none was ever made that succeeded";
  return `the last one that succeeded is ${describeAge(Math.max(0, now - lastProvenAt))} old`;
}

function ill(rule: Health["rule"], reason: string): Health {
  return { healthy: false, rule, reason };
}
