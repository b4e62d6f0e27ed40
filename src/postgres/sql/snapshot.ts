/** What is written down of a snapshot when it is taken. */
export interface SnapshotRow {
  readonly name: string;
  readonly lsn: string;
  readonly xmin: string;
}

/** The first query of the transaction: it takes the snapshot. On a standby, the position is what was replayed. */
export const snapshotSql = `
SELECT pg_export_snapshot() AS name, txid_snapshot_xmin(txid_current_snapshot())::text AS xmin,
  CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END::text AS lsn`;
