import { shellWord } from "../doctor/finding.ts";
import { formatInstant, type Instant, instant } from "../instant.ts";
import { listSome } from "../plain-words.ts";
import type { JobConcern } from "./status-report.ts";

/** A copy in which a check or a proof has found damage. */
export interface DamagedCopy {
  readonly backup: string;
  readonly destination: string;
  /** What was seen, as it was kept; null: nobody wrote it down. */
  readonly seen: string | null;
  readonly at: Instant | null;
  /** Only another proof clears what a proof has found. */
  readonly isByProof: boolean;
}

export interface DamageFacts {
  readonly job: string;
  /** Newest backup first. */
  readonly copies: readonly DamagedCopy[];
  /** That of the newest backup no good copy is left. */
  readonly isNewestLost: boolean;
}

/** One concern for all damaged copies; null: there are none. What it is made of does not change with the next check. */
export function damageConcern({ job, copies, isNewestLost }: DamageFacts): JobConcern | null {
  const [first] = copies;
  if (first === undefined) return null;
  const moments = copies.flatMap(({ at }) => (at === null ? [] : [at]));
  const verb = first.isByProof ? "prove" : "verify";
  return {
    kind: "damaged",
    message: listSome(copies.map((copy) => `${nameOf(copy)} was found damaged: ${seenOf(copy)}`)),
    nextStep: `codex-backup ${verb} ${shellWord(`${job}/${first.backup}`)}`,
    since: moments.length === 0 ? null : formatInstant(instant(Math.min(...moments))),
    findings: copies.map(nameOf),
    ...(isNewestLost && { isGrave: true }),
  };
}

function nameOf({ backup, destination }: DamagedCopy): string {
  return `"${backup}" at "${destination}"`;
}

/** The first line, without the words that name the backup once more. */
function seenOf({ backup, seen }: DamagedCopy): string {
  const [line = ""] = (seen ?? "").split("\n");
  const head = `Cannot vouch for "${backup}": `;
  const told = line.startsWith(head) ? line.slice(head.length) : line;
  return told === "" ? "it is not what its manifest says" : told;
}
