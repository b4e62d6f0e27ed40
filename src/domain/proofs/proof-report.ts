import type { FailureReport } from "../failure.ts";
import type { Level } from "../level.ts";
import type { ExitStatus } from "../outcome.ts";
import type { ProofReceipt } from "./proof-receipt.ts";

/** What one proof of one copy came to, as `prove --json` prints it (DESIGN 3). Times are ISO 8601, UTC. */
export interface ProofReport {
  readonly backup: string;
  readonly job: string;
  readonly database: string | null;
  /** Where the copy lies; null: none could be read. */
  readonly destination: string | null;
  readonly outcome: ProofReceipt["outcome"];
  /** Of the copy afterwards; "unknown": it is damaged, or nothing is known. */
  readonly level: Level;
  readonly startedAt: string;
  readonly durationMs: number;
  /** Of that, until the restore was done; null: it never was. */
  readonly restoreMs: number | null;
  readonly server: string | null;
  readonly contentBytes: number;
  readonly openedBy: string | null;
  readonly compared: Readonly<Record<string, number>>;
  readonly tables: readonly ProvenTable[];
  readonly differences: readonly string[];
  readonly unproven: ProofReceipt["unproven"];
  readonly assertions: ProofReceipt["assertions"];
  /** Of the restore, and what could not be kept of the result. */
  readonly warnings: readonly string[];
  /** The receipt's file name; null: none could be written. */
  readonly receipt: string | null;
  readonly failure: FailureReport | null;
  readonly exit: ExitStatus;
}

export interface ProvenTable {
  readonly schema: string;
  readonly name: string;
  /** As recorded; of a table that was not, as restored. */
  readonly rows: number;
  readonly match: boolean;
}

/** The tables of a receipt as a report lists them. */
export function tablesOf({ tables }: Pick<ProofReceipt, "tables">): readonly ProvenTable[] {
  return tables.map(({ schema, name, recorded, restored, match }) => ({
    schema,
    name,
    rows: recorded.rows ?? restored.rows ?? 0,
    match,
  }));
}
