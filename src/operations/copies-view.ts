import type { BackupRow, ReadTally } from "../catalog/catalog.ts";
import { copiesRule, describeRule, type RuledCopy } from "../domain/copies/copies-rule.ts";
import { shellWord } from "../domain/doctor/finding.ts";
import type { JobConcern, ReportedRule } from "../domain/health/status-report.ts";
import { formatInstant, type Instant, instant } from "../domain/instant.ts";
import { reaches } from "../domain/level.ts";
import { describeAge, listSome } from "../domain/plain-words.ts";
import type { Context } from "./context.ts";
import { keepingOf } from "./note-look.ts";

type Parts = Pick<Context, "catalog" | "clock" | "destinations" | "reading">;

interface Series {
  readonly job: string;
  readonly database: string | null;
}

/** What status tells of the copies of each job, by the catalog alone. */
export interface CopiesView {
  /** `newest`: the newest good backup; null: there is none, and nothing to count. */
  ruleOf(series: Series, newest: BackupRow | null): ReportedRule | null;
  /** Nothing, where nobody has promised how soon copies are read. */
  concernsOf(series: Series): readonly JobConcern[];
}

const dayMs = 86_400_000;
/** For the rule, where nothing was promised. */
const usualWithinMs = 30 * dayMs;

/** Looked up once for all jobs. */
export function copiesView(context: Parts): CopiesView {
  const { catalog, clock, reading } = context;
  const tallies = Map.groupBy(catalog.readTallies(), keyOf);
  const keeping = keepingOf(context);
  const now = clock.now();
  const ruledOf = (row: BackupRow) =>
    row.copies
      .filter(({ state, level }) => state === "whole" && reaches(level, "hashed"))
      .flatMap((copy): readonly RuledCopy[] => {
        const { destination } = copy;
        const traits = context.destinations.get(destination)?.traits;
        if (traits === undefined) return [];
        const { medium, isOffSite } = traits;
        return [{ destination, medium, isOffSite, isImmutable: keeping(copy, row.createdAt) !== null }];
      });
  return {
    ruleOf: (series, newest) => {
      if (newest === null) return null;
      const withinMs = reading.withinMs ?? usualWithinMs;
      const own = summed(tallies.get(keyOf(series)) ?? []);
      const rule = copiesRule({ copies: ruledOf(newest), reading: own, withinMs, now });
      return { backup: newest.id, ...rule, summary: describeRule(rule) };
    },
    concernsOf: (series) =>
      reading.withinMs === null
        ? []
        : unreadConcerns(series.job, tallies.get(keyOf(series)) ?? [], { now, withinMs: reading.withinMs }),
  };
}

function keyOf({ job, database }: Series): string {
  return JSON.stringify([job, database]);
}

function summed(tallies: readonly ReadTally[]): Pick<ReadTally, "copies" | "bad" | "oldestReadAt"> {
  const oldest = tallies.flatMap(({ oldestReadAt }) => (oldestReadAt === null ? [] : [oldestReadAt]));
  return {
    copies: tallies.reduce((sum, { copies }) => sum + copies, 0),
    bad: tallies.reduce((sum, { bad }) => sum + bad, 0),
    oldestReadAt: oldest.length === 0 ? null : instant(Math.min(...oldest)),
  };
}

interface Promised {
  readonly now: Instant;
  readonly withinMs: number;
}

function unreadConcerns(
  job: string,
  tallies: readonly ReadTally[],
  { now, withinMs }: Promised,
): readonly JobConcern[] {
  const late = tallies.flatMap(({ destination, oldestReadAt: readAt }) =>
    readAt !== null && now - readAt > withinMs ? [{ destination, readAt }] : [],
  );
  const [first] = late;
  if (first === undefined) return [];
  const message = listSome(
    late.map(
      ({ destination, readAt }) =>
        `a copy at "${destination}" was not read for ${describeAge(now - readAt)}, promised is once in ${describeAge(withinMs)}`,
    ),
  );
  const since = formatInstant(instant(Math.min(...late.map(({ readAt }) => readAt)) + withinMs));
  const findings = late.map(
    ({ destination }) => `copies of ${shellWord(job)} at "${destination}" are unread`,
  );
  return [{ kind: "unread", message, nextStep: "codex-backup verify", since, findings }];
}
