import type { TroubleRow } from "../catalog/catalog.ts";
import { shellWord } from "../domain/doctor/finding.ts";
import type { JobConcern } from "../domain/health/status-report.ts";
import { formatInstant, type Instant } from "../domain/instant.ts";
import { listSome } from "../domain/plain-words.ts";
import type { Context } from "./context.ts";

type Parts = Pick<Context, "catalog">;

interface Series {
  readonly job: string;
  readonly database: string | null;
}

/** What runs have seen of a job and database and is not over: at most one concern of each kind. */
export function troubleConcerns({ catalog }: Parts, { job, database }: Series): readonly JobConcern[] {
  const rows = catalog.troubles(job, database);
  const noted = catalog.notedGone(job, database).filter(({ id }) => !rows.some((row) => row.backupId === id));
  const gone = [
    ...rows.filter(({ kind }) => kind === "gone").map(({ backupId: id, at, text }) => ({ id, at, text })),
    ...noted.map(({ id, at }) => ({ id, at, text: `"${id}" is gone, and nobody can say who removed it` })),
  ];
  return [
    ...goneConcerns(job, gone),
    ...pruningConcerns(
      job,
      rows.filter(({ kind }) => kind === "pruning"),
    ),
  ];
}

interface Gone {
  readonly id: string;
  readonly at: Instant;
  readonly text: string;
}

function goneConcerns(job: string, gone: readonly Gone[]): readonly JobConcern[] {
  const [first] = gone;
  if (first === undefined) return [];
  const findings = gone.map(({ text }) => text);
  return [
    {
      kind: "gone",
      message: listSome(findings),
      nextStep: `codex-backup accept ${shellWord(`${job}/${first.id}`)} --gone --why TEXT`,
      since: earliest(gone),
      findings,
    },
  ];
}

function pruningConcerns(job: string, rows: readonly TroubleRow[]): readonly JobConcern[] {
  if (rows.length === 0) return [];
  const findings = rows.map(({ destination, text }) =>
    destination === "" ? text : `nothing is pruned at "${destination}": ${text}`,
  );
  const nextStep = `codex-backup prune --job ${shellWord(job)} --dry-run`;
  return [{ kind: "pruning", message: listSome(findings), nextStep, since: earliest(rows) }];
}

function earliest(rows: readonly { readonly at: Instant }[]): string | null {
  const [first] = rows.map(({ at }) => at).toSorted((a, b) => a - b);
  return first === undefined ? null : formatInstant(first);
}
