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
  /** Files whose bytes changed, each once. */
  readonly mismatched: readonly ChecksumLine[];
  /** Files that are as they were made, while their entry says something else. */
  readonly wrongEntries: readonly string[];
  /** Files that are as their entry says, and not as they were made. */
  readonly disputed: readonly string[];
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
  const born = new Map(review.contradictions.map((one) => [one.name, one.manifestSha256]));
  const kinds = hashed.map((line) => compare(line, found.get(line.path), born.get(line.path)));
  const ofKind = (kind: Comparison) => hashed.filter((_, index) => kinds[index] === kind);
  const mismatched = onePerPath(ofKind("changed"));
  const wrongEntries = onePerPath(ofKind("wrong entry")).map((line) => line.path);
  const disputed = onePerPath(ofKind("disputed")).map((line) => line.path);
  const missing = onePerPath(expected.filter((line) => kindOf(line) === "missing")).map((line) => line.path);
  const unreadable = onePerPath(expected.filter((line) => kindOf(line) === "unreadable")).map((line) => ({
    name: line.path,
    reason: reasonOf(found.get(line.path)),
  }));
  const adopted = review.toAdopt.map((file) => adoptedLine(file, found.get(file.name)));
  const isDamaged = [mismatched, missing, unreadable, wrongEntries, disputed].some((list) => list.length > 0);
  return {
    outcome: isDamaged ? "damage" : hashed.length > 0 ? "ok" : "unknown",
    equal: ofKind("equal").length,
    mismatched,
    wrongEntries,
    disputed,
    missing,
    unreadable,
    toAdd: [...review.toRestore, ...adopted.filter((line) => line !== null)],
    postponed: review.toAdopt.filter((_, index) => adopted[index] === null).map((file) => file.name),
  };
}

type Comparison = "equal" | "changed" | "wrong entry" | "disputed";

/** `born`: what the file was when it was made, where that is not what its entry says. */
function compare(
  line: ChecksumLine,
  finding: ChecksumFinding | undefined,
  born: string | undefined,
): Comparison {
  if (finding?.kind !== "hashed") return "changed";
  const isAsEntrySays = finding.sha256 === line.sha256;
  // Of two entries of a name, the one that agrees is no news.
  if (born === undefined || line.sha256 === born) return isAsEntrySays ? "equal" : "changed";
  if (finding.sha256 === born) return "wrong entry";
  return isAsEntrySays ? "disputed" : "changed";
}

function onePerPath(lines: readonly ChecksumLine[]): readonly ChecksumLine[] {
  return [...new Map(lines.map((line) => [line.path, line])).values()];
}

function reasonOf(finding: ChecksumFinding | undefined): string {
  return finding?.kind === "unreadable" ? finding.reason : "it was not hashed";
}

function adoptedLine(file: ForeignFile, finding: ChecksumFinding | undefined): ChecksumLine | null {
  if (finding?.kind !== "hashed" || !finding.isStable) return null;
  return { path: file.name, sha256: finding.sha256 };
}
