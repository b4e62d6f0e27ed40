-- Frozen: a catalog that was made with this file exists somewhere. Changes go into a new, higher number.
-- Moments are whole milliseconds since 1970 in UTC (…_ms).

-- Stands nowhere else. seq is the order of starting, whatever the clock said.
CREATE TABLE runs (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  run_id TEXT NOT NULL UNIQUE,
  job TEXT NOT NULL,
  database TEXT,
  slot_ms INTEGER,
  started_ms INTEGER NOT NULL,
  finished_ms INTEGER,
  outcome TEXT,
  backup_id TEXT,
  failure TEXT,
  warnings TEXT NOT NULL,
  summary TEXT NOT NULL,
  pid INTEGER NOT NULL,
  boot_id TEXT NOT NULL,
  host TEXT NOT NULL
) STRICT;
CREATE INDEX runs_of_job ON runs (job, seq);
CREATE INDEX runs_unfinished ON runs (seq) WHERE finished_ms IS NULL;

-- The rest, except jobs and pruned, can be made anew from the destinations.
CREATE TABLE backups (
  key INTEGER PRIMARY KEY,
  job TEXT NOT NULL,
  id TEXT NOT NULL,
  database TEXT,
  kind TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  size_bytes INTEGER NOT NULL,
  outcome TEXT NOT NULL,
  adopted INTEGER NOT NULL,
  manifest_sha256 TEXT NOT NULL,
  proven_ms INTEGER,
  UNIQUE (job, id)
) STRICT;
CREATE INDEX backups_of_id ON backups (id);
CREATE INDEX backups_by_age ON backups (created_ms DESC, id DESC, job);

-- Apart from backups: a capsule's manifest can have megabytes, and lists read every backup.
CREATE TABLE manifests (
  backup INTEGER PRIMARY KEY REFERENCES backups ON DELETE CASCADE,
  text TEXT NOT NULL
) STRICT;

CREATE TABLE copies (
  backup INTEGER NOT NULL REFERENCES backups ON DELETE CASCADE,
  destination TEXT NOT NULL,
  destination_id TEXT NOT NULL,
  state TEXT NOT NULL,
  level TEXT NOT NULL,
  read_back TEXT,
  checked_ms INTEGER,
  failure TEXT,
  PRIMARY KEY (backup, destination)
) STRICT, WITHOUT ROWID;

CREATE TABLE marks (
  backup INTEGER NOT NULL REFERENCES backups ON DELETE CASCADE,
  destination TEXT NOT NULL,
  kind TEXT NOT NULL,
  who TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  why TEXT NOT NULL,
  PRIMARY KEY (backup, destination, kind)
) STRICT, WITHOUT ROWID;

-- Removed by policy and not yet told by a manifest. No key: database may be null, and null equals nothing.
CREATE TABLE pruned (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  job TEXT NOT NULL,
  database TEXT,
  backup_id TEXT NOT NULL
) STRICT;
CREATE INDEX pruned_of_job ON pruned (job);

CREATE TABLE foreign_files (
  destination TEXT NOT NULL,
  name TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  modified_ms REAL NOT NULL,
  first_seen_ms INTEGER NOT NULL,
  PRIMARY KEY (destination, name)
) STRICT, WITHOUT ROWID;

-- Since when a job is known: a slot before that was not missed.
CREATE TABLE jobs (
  job TEXT NOT NULL PRIMARY KEY,
  known_since_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
