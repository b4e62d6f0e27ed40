-- Frozen: a catalog that was made with this file exists somewhere. Changes go into a new, higher number.

-- Copies that policy has removed while others of the same backup stay: nobody brings them up again. They end with their backup.
CREATE TABLE pruned_copies (
  backup INTEGER NOT NULL REFERENCES backups ON DELETE CASCADE,
  destination TEXT NOT NULL,
  PRIMARY KEY (backup, destination)
) STRICT, WITHOUT ROWID;
