-- Frozen: a catalog that was made with this file exists somewhere. Changes go into a new, higher number.

-- JSON: lines of a run of an encrypted job that may name what is in its backup. For people on this machine: they stand in
-- no log, and nobody is sent them.
ALTER TABLE runs ADD COLUMN untold TEXT NOT NULL DEFAULT '[]';
