import type { BackupRow } from "../../catalog/catalog.ts";
import type { CopyMade } from "../copy-requests.ts";

/** A copy that nothing was done for. */
export function basisOf(row: BackupRow, destination: string): Omit<CopyMade, "outcome"> {
  return {
    job: row.job,
    backup: row.id,
    database: row.database,
    destination,
    from: null,
    sizeBytes: row.sizeBytes,
    level: "unknown",
    readBack: null,
    warnings: [],
    failure: null,
    exit: 0,
  };
}
