import type { ProofRow } from "../../src/catalog/catalog.ts";
import type { Instant } from "../../src/domain/instant.ts";

/** A proof of the job "database" that found everything equal. */
export function proofRow(backupId: string, at: Instant, changes: Partial<ProofRow> = {}): ProofRow {
  return {
    job: "database",
    backupId,
    database: "codexdb",
    destinationId: "id-of-backups",
    at,
    outcome: "proven",
    durationMs: 1000,
    restoreMs: 600,
    contentBytes: 10,
    server: "PostgreSQL 15.20, programs of this host",
    openedBy: null,
    summary: "1 table of 1 row compared",
    failure: null,
    ...changes,
  };
}
