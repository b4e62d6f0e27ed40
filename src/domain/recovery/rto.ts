import { describeDuration } from "../plain-words.ts";
import type { RecoveryTime } from "./recovery-time.ts";

/** What there is to say of the time that a restore may take at most. */
export interface RtoFinding {
  /** "missed": a restore takes longer, by the last measurement or by what it says of today's size. */
  readonly kind: "missed" | "near";
  /** Half a sentence. */
  readonly message: string;
}

/** From here on it is told, before it is missed: a database that grows by 1 % a day gets from there to it in three weeks. */
const nearly = 0.8;

/** Null while there is no limit, no measurement, or nothing to fear. */
export function judgeRto(rtoMs: number | null, recovery: RecoveryTime | null): RtoFinding | null {
  if (rtoMs === null || recovery === null) return null;
  const { estimateMs, measuredMs } = recovery;
  const allowed = `its rto is ${describeDuration(rtoMs)}`;
  if (measuredMs > rtoMs)
    return {
      kind: "missed",
      message: `its last measured restore took ${describeDuration(measuredMs)}, ${allowed}`,
    };
  const takes = `a restore takes about ${describeDuration(estimateMs)}`;
  if (estimateMs > rtoMs) return { kind: "missed", message: `${takes}, ${allowed}` };
  if (estimateMs >= nearly * rtoMs)
    return { kind: "near", message: `${takes}, close to its limit: ${allowed}` };
  return null;
}
