import type { Comparison } from "../../domain/proofs/comparison.ts";
import type { ProofReceipt } from "../../domain/proofs/proof-receipt.ts";

/** What a restore for proof came to, with nothing said yet of what it means. */
export interface Findings {
  readonly comparison: Comparison;
  readonly assertions: ProofReceipt["assertions"];
  readonly server: string | null;
  readonly restoreMs: number | null;
  readonly contentBytes: number;
  readonly openedBy: string | null;
  /** Of the restore. */
  readonly warnings: readonly string[];
}

/** Where there was nothing to compare yet. */
export const nothingCompared: Comparison = { compared: {}, tables: [], differences: [], unproven: [] };

/** Where nothing was restored. */
export const nothingFound: Findings = {
  comparison: nothingCompared,
  assertions: [],
  server: null,
  restoreMs: null,
  contentBytes: 0,
  openedBy: null,
  warnings: [],
};
