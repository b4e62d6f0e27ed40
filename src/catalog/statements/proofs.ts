import { readFailureReport } from "../../domain/failure.ts";
import type { Catalog, ProofFilter, ProofRow } from "../catalog.ts";
import type { Connection, Parameters } from "../connection.ts";
import type { Row } from "../row.ts";
import { everything } from "./copies.ts";

const put = `
  INSERT INTO proofs (job, backup_id, database, destination_id, at_ms, outcome, duration_ms, restore_ms,
    content_bytes, server, opened_by, summary, failure)
  VALUES ($job, $backupId, $database, $destinationId, $at, $outcome, $durationMs, $restoreMs,
    $contentBytes, $server, $openedBy, $summary, $failure)
  ON CONFLICT (job, backup_id, destination_id, at_ms) DO UPDATE SET database = excluded.database,
    outcome = excluded.outcome, duration_ms = excluded.duration_ms, restore_ms = excluded.restore_ms,
    content_bytes = excluded.content_bytes, server = excluded.server, opened_by = excluded.opened_by,
    summary = excluded.summary, failure = excluded.failure`;

const removeSurplus = `
  DELETE FROM proofs WHERE key IN (
    SELECT key FROM proofs WHERE job = $job ORDER BY at_ms DESC, key DESC LIMIT -1 OFFSET $kept)`;

// Whatever the order in which a rebuild finds them. An assertion that is not true says nothing against the copy.
const judge = `
  UPDATE backups SET proven_ms = (
    SELECT max(at_ms) FROM proofs AS good
    WHERE good.job = backups.job AND good.backup_id = backups.id AND good.outcome = 'proven' AND NOT EXISTS (
      SELECT 1 FROM proofs AS bad
      WHERE bad.job = good.job AND bad.backup_id = good.backup_id AND bad.destination_id = good.destination_id
        AND bad.outcome = 'mismatch' AND bad.failure ->> 'code' = 'proof.mismatch' AND bad.at_ms > good.at_ms))
  WHERE job = $job AND id = $backupId`;

const select = (condition: string) =>
  `SELECT * FROM proofs WHERE ${condition} ORDER BY at_ms DESC, key DESC LIMIT $limit`;

const kept = 1000;

export function proofStatements(connection: Connection): Pick<Catalog, "putProof" | "proofs"> {
  return {
    putProof: (proof) =>
      connection.atomically(() => {
        const { job, backupId } = proof;
        connection.change(put, { ...proof, failure: proof.failure && JSON.stringify(proof.failure) });
        connection.change(removeSurplus, { job, kept });
        // One that failed says nothing, and must not wake what was known of an earlier backup of this name.
        if (proof.outcome !== "failed") connection.change(judge, { job, backupId });
      }),
    proofs: (filter = {}) => {
      const { condition, parameters } = conditionOf(filter);
      return connection.list(select(condition), parameters, readProof);
    },
  };
}

function conditionOf(filter: ProofFilter): { readonly condition: string; readonly parameters: Parameters } {
  const { job, database, backupId, outcome, limit = everything } = filter;
  const conditions = [
    ...(job === undefined ? [] : ["job = $job"]),
    ...(database === undefined ? [] : ["database IS $database"]),
    ...(backupId === undefined ? [] : ["backup_id = $backupId"]),
    ...(outcome === undefined ? [] : ["outcome = $outcome"]),
  ];
  const given = {
    ...(job !== undefined && { job }),
    ...(database !== undefined && { database }),
    ...(backupId !== undefined && { backupId }),
    ...(outcome !== undefined && { outcome }),
  };
  return { condition: conditions.join(" AND ") || "true", parameters: { limit, ...given } };
}

const outcomes = ["proven", "mismatch", "failed"] as const;

function readProof(row: Row): ProofRow {
  return {
    job: row.text("job"),
    backupId: row.text("backup_id"),
    database: row.textOrNull("database"),
    destinationId: row.text("destination_id"),
    at: row.instant("at_ms"),
    outcome: row.oneOf("outcome", outcomes),
    durationMs: row.count("duration_ms"),
    restoreMs: row.countOrNull("restore_ms"),
    contentBytes: row.count("content_bytes"),
    server: row.textOrNull("server"),
    openedBy: row.textOrNull("opened_by"),
    summary: row.text("summary"),
    failure: row.jsonOrNull("failure", readFailureReport),
  };
}
