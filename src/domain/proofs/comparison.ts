import type { ProofReceipt } from "./proof-receipt.ts";

/** What a comparison of something restored with what was recorded of it found. */
export interface Comparison {
  /** By kind of thing: "tables", "rows", "files", …. All 0, or none: nothing was compared. */
  readonly compared: Readonly<Record<string, number>>;
  readonly tables: ProofReceipt["tables"];
  /** One line each, naming the thing; empty: equal. */
  readonly differences: readonly string[];
  /** What could not be compared, and why. */
  readonly unproven: ProofReceipt["unproven"];
}

/** A count as the lines of a comparison show it: "1,000". */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** "12 tables, 1,000 rows, 3 files"; what there was none of is left out. */
export function describeCompared(compared: Comparison["compared"]): string {
  const parts = Object.entries(compared).filter(([, count]) => count > 0);
  return parts.map(([kind, count]) => `${formatCount(count)} ${nounOf(kind, count)}`).join(", ");
}

const irregular: Readonly<Record<string, string>> = { directories: "directory" };

function nounOf(kind: string, count: number): string {
  const noun = kind.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return count === 1 ? (irregular[noun] ?? noun.replace(/s$/, "")) : noun;
}
