-- Frozen: a catalog that was made with this file exists somewhere. Changes go into a new, higher number.

-- JSON: what the anomaly gate said of a backup, and what it compares (null: not known).
ALTER TABLE backups ADD COLUMN anomalies TEXT NOT NULL DEFAULT '[]';
ALTER TABLE backups ADD COLUMN profile TEXT;

-- Not tied to backups: how long a restore took stays known when the backup is gone.
CREATE TABLE proofs (
  key INTEGER PRIMARY KEY,
  job TEXT NOT NULL,
  backup_id TEXT NOT NULL,
  database TEXT,
  destination_id TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  outcome TEXT NOT NULL,
  duration_ms INTEGER NOT NULL,
  restore_ms INTEGER,
  content_bytes INTEGER NOT NULL,
  server TEXT,
  opened_by TEXT,
  summary TEXT NOT NULL,
  failure TEXT,
  UNIQUE (job, backup_id, destination_id, at_ms)
) STRICT;
CREATE INDEX proofs_of_job ON proofs (job, at_ms);
