import type { ChecksumsRead, Destination } from "../../destinations/destination.ts";
import type { ChecksumLine } from "../../domain/checksums/checksum-line.ts";
import type { ChecksumReview } from "../../domain/checksums/checksum-review.ts";
import type { ChecksumVerdict } from "../../domain/checksums/checksum-verdict.ts";
import { Failure } from "../../domain/failure.ts";
import { describeCount } from "../../domain/plain-words.ts";
import type { Work } from "./attempt.ts";
import type { OwnChecksums } from "./own-checksums.ts";

/** What a night of the checksums task saw and did. */
export interface ChecksumsNight {
  readonly read: ChecksumsRead;
  readonly own: OwnChecksums;
  readonly review: ChecksumReview;
  readonly verdict: ChecksumVerdict;
  /** What got an entry: nothing while a line is malformed. */
  readonly added: readonly ChecksumLine[];
}

/** The night's outcome in words; each file and line is told once. */
export function reportChecksums(destination: Destination, night: ChecksumsNight): Work {
  const findings = findingsOf(night);
  const bad = [...findings.files, ...findings.records, ...findings.entries, ...findings.lines];
  const notes = notesOf(night);
  const basis = { backup: null, copies: [], windowMs: null } as const;
  if (bad.length === 0) return { ...basis, ...soundOutcome(destination, night, notes), failure: null };
  const { equal } = night.verdict;
  const parts = [
    [findings.files, (count: number) => `${describeCount(count, "file")} damaged or missing`],
    [findings.records, (count: number) => `${describeCount(count, "record")} of our own in doubt`],
    [
      findings.entries,
      (count: number) => `${describeCount(count, "entry", "entries")} in checksums.txt wrong`,
    ],
    [findings.lines, (count: number) => `${describeCount(count, "line")} of checksums.txt unreadable`],
  ] as const;
  const counts = parts.filter(([list]) => list.length > 0).map(([list, words]) => words(list.length));
  const failure = failureOf(destination, night, findings);
  const summary = `${counts.join(", ")}, ${equal} equal`;
  return { ...basis, outcome: "failed", warnings: [...bad, ...notes], failure, summary };
}

interface Findings {
  readonly files: readonly string[];
  readonly records: readonly string[];
  readonly entries: readonly string[];
  readonly lines: readonly string[];
}

function findingsOf({ read, own, verdict }: ChecksumsNight): Findings {
  return {
    files: [
      ...verdict.mismatched.map((line) => `changed since its checksum was taken: "${line.path}"`),
      ...verdict.missing.map((name) => `missing: "${name}"`),
      ...verdict.unreadable.map(({ name, reason }) => `could not be read: "${name}" (${reason})`),
      ...verdict.disputed.map((name) => `as checksums.txt says, but not as it was made: "${name}"`),
    ],
    records: own.problems,
    entries: verdict.wrongEntries.map(
      (name) => `the entry of "${name}" in checksums.txt is wrong; the file itself is as it was made`,
    ),
    lines: read.malformed.map((line) => `line ${line} of checksums.txt is no checksum`),
  };
}

function notesOf({ read, own, review, verdict, added }: ChecksumsNight): readonly string[] {
  const wasGone = !read.exists && own.backups > 0;
  const isHeldBack = verdict.toAdd.length > added.length;
  return [
    ...(wasGone ? ["checksums.txt was gone; made again from the .sha256 files"] : []),
    ...added.map((line) => `added "${line.path}"`),
    ...(isHeldBack
      ? [`not added before checksums.txt is mended: ${describeCount(verdict.toAdd.length, "file")}`]
      : []),
    ...review.unvouched.map(
      (name) => `no entry made, neither a .sha256 nor a manifest vouches for it: "${name}"`,
    ),
    ...verdict.postponed.map((name) => `still changing, left for the next night: "${name}"`),
  ];
}

function failureOf(
  { location }: Destination,
  { read, verdict }: ChecksumsNight,
  findings: Findings,
): Failure {
  const { files, records, entries, lines } = findings;
  const bad = [...files, ...records, ...entries, ...lines];
  const told = `${bad.slice(0, 5).join("; ")}${bad.length > 5 ? "; …" : ""}`;
  const context = { damaged: bad.length, equal: verdict.equal };
  if (files.length > 0) {
    return new Failure(
      "checksums.mismatch",
      `Cannot vouch for ${describeCount(files.length, "file")} in ${location}: ${told}`,
      {
        hint: 'Restore the file from another copy; if it was replaced on purpose: codex-backup checksums accept FILE --why "…".',
        context,
      },
    );
  }
  const [line] = read.malformed;
  const [name] = verdict.wrongEntries;
  if (records.length > 0 || line === undefined || name !== undefined) {
    const hint =
      name === undefined
        ? "Fetch the backup's .sha256 and manifest from another copy; its other files are as they were made."
        : `Take the line of "${name}" out of "${location}/checksums.txt"; the next run makes it again from the backup's own hashes.`;
    const message = `Cannot rely on the checksums in ${location}: ${told}`;
    return new Failure("checksums.mismatch", message, { hint, context });
  }
  return new Failure("checksums.malformed", `Cannot read all of checksums.txt in ${location}: ${told}`, {
    hint: `Look at it: sed -n ${line}p "${location}/checksums.txt"; mend the line, or take it out when it speaks of no file.`,
    context: { ...context, line },
  });
}

/** Nothing is damaged. That nothing was compared is no success either, unless tonight gave the first entries. */
function soundOutcome(
  { location }: Destination,
  { review, verdict }: ChecksumsNight,
  notes: readonly string[],
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
