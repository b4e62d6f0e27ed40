import { median, medianRatio, type Taken } from "./pairs.ts";

/** One line of the page. */
export interface Row {
  readonly what: string;
  readonly ours: string;
  readonly theirs: string;
  readonly ratio: number;
  readonly budget: string;
  readonly isMet: boolean;
}

export interface Budget {
  readonly text: string;
  readonly holds: (ratio: number) => boolean;
}

export const atMost = (limit: number): Budget => ({ text: `≤ ${limit}`, holds: (ratio) => ratio <= limit });

export const wallOf = (taken: readonly Taken[] | undefined) => (taken ?? []).map((one) => one.wallMs);
/** Of runs with --json: how long the snapshot was held. */
export const windowOf = (taken: readonly Taken[] | undefined) =>
  (taken ?? []).map((one) => Number(JSON.parse(one.stdout).runs[0].windowMs));
export const peakOf = (taken: readonly Taken[] | undefined) =>
  Math.max(...(taken ?? []).map((one) => one.peakMb));

/** What was measured so far; each is shown at once. */
export interface Results {
  readonly rows: readonly Row[];
  /** Times in milliseconds, one a round. */
  note(what: string, ours: readonly number[], theirs: readonly number[], budget: Budget): void;
  memory(what: string, peakMb: number, limitMb: number): void;
  /** In bytes. */
  size(what: string, mine: number, other: number): void;
}

export function createResults(): Results {
  const rows: Row[] = [];
  const add = (row: Row) => {
    rows.push(row);
    process.stderr.write(
      `${row.what}: ${row.ours} against ${row.theirs}, ratio ${row.ratio.toFixed(2)} (budget ${row.budget})\n`,
    );
  };
  return {
    rows,
    note: (what, ours, theirs, budget) => {
      const ratio = medianRatio(ours, theirs);
      const times = { ours: seconds(median(ours)), theirs: seconds(median(theirs)) };
      add({ what, ...times, ratio, budget: budget.text, isMet: budget.holds(ratio) });
    },
    memory: (what, peakMb, limitMb) => {
      const sizes = { ours: `${peakMb.toFixed(0)} MB`, theirs: `${limitMb} MB` };
      const isMet = peakMb <= limitMb;
      add({ what: `peak memory of ${what}`, ...sizes, ratio: peakMb / limitMb, budget: "≤ 1", isMet });
    },
    size: (what, mine, other) => {
      const sizes = { ours: megabytes(mine), theirs: megabytes(other) };
      add({ what, ...sizes, ratio: mine / other, budget: "≤ 1", isMet: mine <= other });
    },
  };
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
