-- The Super-Codex-AI database: five tables with sample rows, always the same for the same number of rows.
-- psql -v rows=2000 -f codex.sql; audit_logs gets that many rows, the other tables a share of it.
\if :{?rows}
\else
  \set rows 2000
\endif
SET client_min_messages = warning;
SET timezone = 'UTC';

CREATE TABLE contributors (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  handle text NOT NULL UNIQUE,
  display_name text NOT NULL,
  joined_at timestamptz NOT NULL,
  settings jsonb NOT NULL DEFAULT '{}'
);
COMMENT ON TABLE contributors IS 'People and agents who write scrolls';

CREATE TABLE scrolls (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  contributor_id integer NOT NULL REFERENCES contributors,
  title text NOT NULL,
  body text NOT NULL,
  tags text[] NOT NULL DEFAULT '{}',
  written_at timestamptz NOT NULL
);
CREATE INDEX scrolls_written_at ON scrolls (written_at);

CREATE TABLE capsules (
  id uuid PRIMARY KEY,
  scroll_id bigint NOT NULL REFERENCES scrolls,
  state text NOT NULL CHECK (state IN ('open', 'sealed', 'replayed')),
  seal bytea,
  sealed_at timestamptz
);

CREATE TABLE audit_logs (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  contributor_id integer REFERENCES contributors,
  action text NOT NULL,
  detail jsonb NOT NULL,
  created_at timestamptz NOT NULL
);
CREATE INDEX audit_logs_created_at ON audit_logs (created_at);

CREATE TABLE replay_archives (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  capsule_id uuid NOT NULL REFERENCES capsules,
  path text NOT NULL UNIQUE,
  size_bytes bigint NOT NULL,
  sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
  created_at timestamptz NOT NULL
);

INSERT INTO contributors (handle, display_name, joined_at, settings)
SELECT 'contributor' || n, (ARRAY['Ada', 'Grace', 'Łukasz', 'Zoë', '美咲', 'O''Neil'])[1 + n % 6] || ' ' || n,
  timestamptz '2024-01-01 00:00+00' + n * interval '7 hours', jsonb_build_object('theme', CASE WHEN n % 2 = 0 THEN 'dark' ELSE 'light' END, 'n', n)
FROM generate_series(1, greatest(3, :rows / 100)) AS n;

INSERT INTO scrolls (contributor_id, title, body, tags, written_at)
SELECT 1 + n % greatest(3, :rows / 100), 'Scroll ' || n,
  repeat(E'Line of scroll ' || n || E':\t' || md5(n::text) || E'\n', 1 + n % 12), ARRAY['tag' || n % 7, 'codex'],
  timestamptz '2024-02-01 00:00+00' + n * interval '37 minutes'
FROM generate_series(1, greatest(10, :rows / 5)) AS n;

INSERT INTO capsules (id, scroll_id, state, seal, sealed_at)
SELECT md5('capsule ' || n)::uuid, n, (ARRAY['open', 'sealed', 'replayed'])[1 + n % 3],
  CASE WHEN n % 3 > 0 THEN sha256(n::text::bytea) END,
  CASE WHEN n % 3 > 0 THEN timestamptz '2024-03-01 00:00+00' + n * interval '1 hour' END
FROM generate_series(1, greatest(10, :rows / 10)) AS n;

INSERT INTO audit_logs (contributor_id, action, detail, created_at)
SELECT NULLIF(n % greatest(3, :rows / 100), 0), (ARRAY['scroll.write', 'capsule.seal', 'capsule.replay', 'login'])[1 + n % 4],
  jsonb_build_object('n', n, 'digest', md5('audit ' || n), 'note', repeat('entry ', 1 + n % 9)),
  timestamptz '2024-02-01 00:00+00' + n * interval '11 seconds'
FROM generate_series(1, :rows) AS n;

INSERT INTO replay_archives (capsule_id, path, size_bytes, sha256, created_at)
SELECT md5('capsule ' || n)::uuid, 'ledger/' || 2024 + n % 3 || '/replay-' || n || '.json', 1000 + n * 17,
  encode(sha256(('archive ' || n)::bytea), 'hex'), timestamptz '2024-03-02 00:00+00' + n * interval '1 hour'
FROM generate_series(1, greatest(10, :rows / 10)) AS n WHERE n % 3 = 2;

ANALYZE;
