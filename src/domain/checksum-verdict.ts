import type { ChecksumLine } from "./checksum-line.ts";
import type { ChecksumReview, ForeignFile } from "./checksum-review.ts";

/** What hashing a file gave; that it is gone or cannot be read is a finding, not an error. */
export type ChecksumFinding =
  | {
      readonly kind: "hashed";
      readonly name: string;
      readonly sha256: string;
      readonly sizeBytes: number;
      /** False when it was written to meanwhile. */
      readonly isStable: boolean;
    }
  | { readonly kind: "missing"; readonly name: string }
  | { readonly kind: "unreadable"; readonly name: string; readonly reason: string };

export interface ChecksumVerdict {
  /** "unknown": nothing was compared, which is never ok. */
  readonly outcome: "ok" | "damage" | "unknown";
  readonly equal: number;
  readonly mismatched: readonly ChecksumLine[];
  readonly missing: readonly string[];
  /** With the reason. Not checked is not ok. */
  readonly unreadable: readonly { readonly name: string; readonly reason: string }[];
  /** To be added to the file now: own entries made again, and settled files of others. */
  readonly toAdd: readonly ChecksumLine[];
  /** Settled files that changed while they were hashed, or could not be read: left for the next night. */
  readonly postponed: readonly string[];
}

/** Every name that the review wants hashed, once. */
export function namesToHash(review: ChecksumReview): readonly string[] {
  const names = [...review.toCheck, ...review.toRestore].map((line) => line.path);
  return [...new Set([...names, ...review.toAdopt.map((file) => file.name)])];
}

/** Compares. An entry is never changed by what was found; a name without finding counts as unreadable. */
export function judgeChecksums(
  review: ChecksumReview,
  findings: readonly ChecksumFinding[],
): ChecksumVerdict {
  const found = new Map(findings.map((finding) => [finding.name, finding]));
  const expected = [...review.toCheck, ...review.toRestore];
  const kindOf = (line: ChecksumLine) => found.get(line.path)?.kind ?? "unreadable";
  const hashed = expected.filter((line) => kindOf(line) === "hashed");
  const mismatched = hashed.filter((line) => !isEqual(line, found.get(line.path)));
  const missing = expected.filter((line) => kindOf(line) === "missing").map((line) => line.path);
  const unreadable = expected
    .filter((line) => kindOf(line) === "unreadable")
    .map((line) => ({ name: line.path, reason: reasonOf(found.get(line.path)) }));
  const adopted = review.toAdopt.map((file) => adoptedLine(file, found.get(file.name)));
  const isDamaged = mismatched.length + missing.length + unreadable.length + review.contradictions.length > 0;
  return {
    outcome: isDamaged ? "damage" : hashed.length > 0 ? "ok" : "unknown",
    equal: hashed.length - mismatched.length,
    mismatched,
    missing,
    unreadable,
    toAdd: [...review.toRestore, ...adopted.filter((line) => line !== null)],
    postponed: review.toAdopt.filter((_, index) => adopted[index] === null).map((file) => file.name),
  };
}

function isEqual(line: ChecksumLine, finding: ChecksumFinding | undefined): boolean {
  return finding?.kind === "hashed" && finding.sha256 === line.sha256;
}

function reasonOf(finding: ChecksumFinding | undefined): string {
  return finding?.kind === "unreadable" ? finding.reason : "it was not hashed";
}

function adoptedLine(file: ForeignFile, finding: ChecksumFinding | undefined): ChecksumLine | null {
  if (finding?.kind !== "hashed" || !finding.isStable) return null;
  return { path: file.name, sha256: finding.sha256 };
}
