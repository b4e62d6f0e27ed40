-- Frozen: a catalog that was made with this file exists somewhere. Changes go into a new, higher number.

-- What a run has seen and status cannot see by itself, until a later look finds it over or somebody accepts it.
CREATE TABLE troubles (
  kind TEXT NOT NULL,
  job TEXT NOT NULL,
  database TEXT,
  -- Empty: it is about the destination.
  backup_id TEXT NOT NULL,
  destination TEXT NOT NULL,
  -- Empty: the whole copy.
  file TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  text TEXT NOT NULL
) STRICT;
CREATE INDEX troubles_of_job ON troubles (job);

-- The receipts of proofs that were last seen beside copies, to miss one that is removed.
CREATE TABLE proof_files (
  job TEXT NOT NULL,
  destination TEXT NOT NULL,
  backup_id TEXT NOT NULL,
  name TEXT NOT NULL,
  PRIMARY KEY (job, destination, name)
) STRICT, WITHOUT ROWID;
