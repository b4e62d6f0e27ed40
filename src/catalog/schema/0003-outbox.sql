-- Frozen: a catalog that was made with this file exists somewhere. Changes go into a new, higher number.
-- Stands nowhere else: undelivered messages, and what has been told already.
CREATE TABLE outbox (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  channel TEXT NOT NULL,
  key TEXT NOT NULL,
  content TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  lapses_ms INTEGER,
  attempts INTEGER NOT NULL,
  next_ms INTEGER NOT NULL,
  state TEXT NOT NULL,
  ended_ms INTEGER,
  failure TEXT
) STRICT;
CREATE INDEX outbox_waiting ON outbox (channel, seq) WHERE state = 'waiting';
CREATE INDEX outbox_ended ON outbox (ended_ms) WHERE state <> 'waiting';

-- The last attempt through each channel; its rows in the outbox are removed in time.
CREATE TABLE channel_results (
  channel TEXT NOT NULL PRIMARY KEY,
  tried_ms INTEGER NOT NULL,
  delivered_ms INTEGER,
  failure TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE alert_states (
  key TEXT NOT NULL PRIMARY KEY,
  job TEXT,
  database TEXT,
  incident TEXT,
  openings TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- When each thing that is told by the calendar was told last.
CREATE TABLE alert_times (
  name TEXT NOT NULL PRIMARY KEY,
  at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
