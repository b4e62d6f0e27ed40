import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startPostgres } from "../tests/servers/postgres.ts";

/** About 180 bytes a row in the dump: numbers, a hash as text, jsonb, timestamps; no two rows alike. */
const fillSql = `
CREATE TABLE events (id bigint PRIMARY KEY, account int NOT NULL, at timestamptz NOT NULL, kind text NOT NULL, amount numeric(12,2), note text, detail jsonb);
INSERT INTO events SELECT g, ((g::bigint * 7919) % 100000)::int, timestamptz '2025-01-01' + g * interval '7 seconds',
  (array['open','close','seal','replay'])[1 + g % 4], (g % 100000) / 7.0, md5(g::text),
  jsonb_build_object('source', 'node-' || g % 97, 'tries', g % 5, 'tag', md5((g::bigint * 3)::text)) FROM generate_series(1, :rows) g;
CREATE TABLE accounts (id int PRIMARY KEY, name text, created date);
INSERT INTO accounts SELECT g, 'account ' || md5(g::text), date '2020-01-01' + g % 2000 FROM generate_series(1, 100000) g;
CREATE INDEX ON events (account);
VACUUM ANALYZE`;

/** A private server with one database of the wanted number of rows. */
export async function makeDatabase(rows: number) {
  const server = await startPostgres({ settings: { shared_buffers: "512MB", max_wal_size: "4GB" } });
  await server.createDatabase("codexdb");
  await server.psql(fillSql, "codexdb", { rows: String(rows) });
  return server;
}

/**
 * 20,000 small files of text in 200 folders, and some large ones: half text, half random bytes that no
 * program can compress. Made from a counter, so always the same.
 */
export function makeTree(root: string, files: number): void {
  for (let n = 0; n < files; n += 1) {
    const folder = join(root, n % 2 === 0 ? "ledger" : "annals", String(n % 100));
    if (n < 200) mkdirSync(folder, { recursive: true });
    const line = `${n} entry of the ledger, sealed by node-${n % 97}, amount ${(n * 7919) % 100003}\n`;
    writeFileSync(join(folder, `entry-${n}.json`), line.repeat(20 + (n % 150)));
  }
  for (const n of [1, 2, 3]) {
    const log = Array.from(
      { length: 200_000 },
      (_, k) => `2026-11-23T01:00:${k % 60}Z node-${(k * n) % 97} action ${k * 7919}\n`,
    );
    writeFileSync(join(root, `audit-${n}.log`), log.join(""));
    execFileSync("dd", [
      "if=/dev/urandom",
      `of=${join(root, `media-${n}.bin`)}`,
      "bs=1M",
      "count=20",
      "status=none",
    ]);
  }
}
