-- Frozen: a catalog that was made with this file exists somewhere. Changes go into a new, higher number.

-- JSON: what a manifest says of its place in the chain, [startedAt, previous, previousId, pruned, unaccounted]. Beside
-- the manifest, because a run asks for all of a job's, and manifests of capsules are long.
ALTER TABLE backups ADD COLUMN links TEXT NOT NULL DEFAULT '["", null, null, [], null]';
UPDATE backups SET links =
  (SELECT json_extract(text, '$.startedAt', '$.previous', '$.previousId', '$.pruned', '$.unaccounted')
    FROM manifests WHERE manifests.backup = backups.key)
  WHERE EXISTS (SELECT 1 FROM manifests WHERE manifests.backup = backups.key AND json_valid(text));
