-- Frozen: a catalog that was made with this file exists somewhere. Changes go into a new, higher number.

-- What a destination said of itself when somebody looked at it last.
CREATE TABLE looks (
  destination TEXT NOT NULL,
  destination_id TEXT NOT NULL,
  -- Null: what lies there can be removed at any time.
  immutable_by TEXT,
  -- Null: for ever, or nobody knows.
  immutable_days INTEGER,
  -- The last moment at which it kept less: what was made before may not be kept so long.
  weaker_ms INTEGER,
  -- When all of it was last compared with the catalog.
  audited_ms INTEGER,
  PRIMARY KEY (destination, destination_id)
) STRICT, WITHOUT ROWID;

-- Copies that were to go and that the storage refused to remove. They end with their copies.
CREATE TABLE retained (
  backup INTEGER NOT NULL,
  destination TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  -- Null: nobody knows.
  until_ms INTEGER,
  PRIMARY KEY (backup, destination),
  FOREIGN KEY (backup, destination) REFERENCES copies ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- How much the checks with a budget have read, for the rest of the day.
CREATE TABLE reads (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  at_ms INTEGER NOT NULL,
  bytes INTEGER NOT NULL
) STRICT;
CREATE INDEX reads_by_age ON reads (at_ms);

-- Manifests whose bytes were compared with the catalog: one that looks the same is not read again.
CREATE TABLE compared_manifests (
  destination TEXT NOT NULL,
  destination_id TEXT NOT NULL,
  name TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  modified_ms REAL NOT NULL,
  PRIMARY KEY (destination, destination_id, name)
) STRICT, WITHOUT ROWID;

-- What the last audit of each destination has found beside the copies themselves.
CREATE TABLE audit_findings (
  destination TEXT NOT NULL,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  -- When it was seen first.
  at_ms INTEGER NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (destination, kind, name)
) STRICT, WITHOUT ROWID;
