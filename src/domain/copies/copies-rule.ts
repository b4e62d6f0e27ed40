import type { Instant } from "../instant.ts";
import { describeCount } from "../plain-words.ts";

/** One copy of a job's newest good backup, whole and read back. */
export interface RuledCopy {
  readonly destination: string;
  /** Copies on one medium die together. */
  readonly medium: string;
  readonly isOffSite: boolean;
  /** It cannot be removed or changed now. */
  readonly isImmutable: boolean;
}

/** How far all of a job's copies are read, of all its backups. */
export interface RuledReading {
  readonly copies: number;
  /** Damaged or missing. */
  readonly bad: number;
  /** When the one was read whose reading is longest ago; null: there is none. */
  readonly oldestReadAt: Instant | null;
}

export interface RuleFacts {
  readonly copies: readonly RuledCopy[];
  readonly reading: RuledReading;
  /** Read within so long. */
  readonly withinMs: number;
  readonly now: Instant;
}

/** What the 3-2-1-1-0 rule asks for, in its own order. */
export const rulePoints = ["copies", "media", "offSite", "immutable", "errors"] as const;

export type RulePoint = (typeof rulePoints)[number];

export interface CopiesRule {
  /** The database or the directory itself is the first. */
  readonly copies: number;
  /** Of the backups alone: of what the source lies on nothing is known, and it is what is lost. */
  readonly media: number;
  readonly offSite: number;
  readonly immutable: number;
  /** Copies that are damaged or missing, and one more when a copy was not read in time. */
  readonly errors: number;
  /** What the rule asks for and is not so, in its order; empty: it is kept. */
  readonly lacking: readonly RulePoint[];
}

const needed = { copies: 3, media: 2, offSite: 1, immutable: 1 } as const;

/**
 * The 3-2-1-1-0 rule: three copies of the data, the live one among them; two media; one copy off-site; one that nobody can
 * change; and no error in any copy, each read within `withinMs`. Without a copy nothing was read, which is an error too.
 */
export function copiesRule({ copies, reading, withinMs, now }: RuleFacts): CopiesRule {
  const isLate = reading.oldestReadAt === null || now - reading.oldestReadAt > withinMs;
  const found = {
    copies: 1 + copies.length,
    media: new Set(copies.map(({ medium }) => medium)).size,
    offSite: copies.filter(({ isOffSite }) => isOffSite).length,
    immutable: copies.filter(({ isImmutable }) => isImmutable).length,
    errors: reading.bad + (isLate ? 1 : 0),
  };
  const isKept = (point: RulePoint) =>
    point === "errors" ? found.errors === 0 : found[point] >= needed[point];
  return { ...found, lacking: rulePoints.filter((point) => !isKept(point)) };
}

/** "3 copies, 2 media, 1 off-site, 1 immutable, 0 errors: the 3-2-1-1-0 rule is kept". */
export function describeRule(rule: CopiesRule): string {
  const { copies, media, offSite, immutable, errors, lacking } = rule;
  const counts = [
    describeCount(copies, "copy", "copies"),
    describeCount(media, "medium", "media"),
    `${offSite} off-site`,
    `${immutable} immutable`,
    describeCount(errors, "error"),
  ].join(", ");
  if (lacking.length === 0) return `${counts}: the 3-2-1-1-0 rule is kept`;
  return `${counts}: the 3-2-1-1-0 rule lacks ${lacking.map((point) => wordsOf[point]).join(", ")}`;
}

const wordsOf = {
  copies: "a third copy",
  media: "a second medium",
  offSite: "one off-site",
  immutable: "one that is immutable",
  errors: "a reading without error",
} as const satisfies Record<RulePoint, string>;
