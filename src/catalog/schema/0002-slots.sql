-- Frozen: a catalog that was made with this file exists somewhere. Changes go into a new, higher number.

-- One row for each planned moment that was decided. The key is what makes a slot run once, whoever starts it.
CREATE TABLE slots (
  job TEXT NOT NULL,
  slot_ms INTEGER NOT NULL,
  state TEXT NOT NULL,
  reason TEXT,
  run_id TEXT,
  decided_ms INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  pid INTEGER NOT NULL,
  boot_id TEXT NOT NULL,
  host TEXT NOT NULL,
  PRIMARY KEY (job, slot_ms)
) STRICT, WITHOUT ROWID;

-- Since when a job has its present schedule: slots of it before that were nobody's to run.
CREATE TABLE schedules (
  job TEXT NOT NULL PRIMARY KEY,
  schedule TEXT NOT NULL,
  since_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
