-- Frozen, as 0001 says.
-- How full each destination was, at most once an hour: forecasts are made from it. Stands nowhere else.
CREATE TABLE disk_samples (
  destination TEXT NOT NULL,
  destination_id TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  free_bytes INTEGER NOT NULL,
  total_bytes INTEGER NOT NULL,
  PRIMARY KEY (destination, destination_id, at_ms)
) STRICT, WITHOUT ROWID;
