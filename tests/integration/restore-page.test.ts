import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { restorePage } from "../../src/destinations/restore-page.ts";
import { formatChecksumLine } from "../../src/domain/checksums/checksum-line.ts";
import { temporaryDirectory } from "../servers/cleanup.ts";
import { type PostgresTestServer, startPostgres } from "../servers/postgres.ts";
import { tryProgram } from "../servers/run-program.ts";
import { limits, postgresRoom, quiet, sourceOf } from "./postgres-at.ts";

// Runs the commands of RESTORE-v1.md as they stand, with the names filled in, on a server that knows nothing.
const backup = "codexdb_2026-11-23";
const directory = temporaryDirectory("restore-page");
let source: PostgresTestServer;
let target: PostgresTestServer;

before(async () => {
  [source, target] = await Promise.all([startPostgres(), startPostgres()]);
  await source.psql(`CREATE ROLE keeper LOGIN PASSWORD 'x'; CREATE DATABASE codexdb OWNER keeper`);
  await source.psql(
    `CREATE TABLE ledger (id int PRIMARY KEY, note text); ALTER TABLE ledger OWNER TO keeper;
     INSERT INTO ledger SELECT n, 'note ' || n FROM generate_series(1, 500) n`,
    "codexdb",
  );
  await writeBackup();
});

after(() => Promise.all([source.stop(), target.stop()]));

async function writeBackup(): Promise<void> {
  const server = await postgresRoom().connect(sourceOf(source), "codexdb", {
    label: "page",
    signal: quiet(),
  });
  const snapshot = await server.openSnapshot("codexdb", limits, quiet());
  writeFileSync(join(directory, `globals_${backup}.sql`), (await server.dumpGlobals()).text);
  writeFileSync(join(directory, `database_${backup}.sql`), (await snapshot.dumpHeader()).text);
  await snapshot.close();
  await server.close();
  const dump = `pg_dump codexdb > ${backup}.sql && pg_dump -Fc codexdb > ${backup}.dump`;
  await shell(
    source,
    `${dump} && zstd -q ${backup}.sql && gzip -k ${backup}.sql && zstd -q ${backup}.dump && gzip -k ${backup}.dump`,
  );
  const names = readdirSync(directory).filter((name) => name.includes(backup));
  const sums = names.map((path) => formatChecksumLine({ path, sha256: hashOf(path) })).join("");
  writeFileSync(join(directory, `${backup}.sha256`), sums);
  writeFileSync(join(directory, "checksums.txt"), sums);
}

function hashOf(name: string): string {
  return createHash("sha256")
    .update(readFileSync(join(directory, name)))
    .digest("hex");
}

async function shell(server: PostgresTestServer, command: string): Promise<void> {
  const run = await tryProgram(["bash", "-c", command], { cwd: directory, env: server.env });
  assert.equal(run.code, 0, `${command}\n${run.stderr}`);
}

/** The page's command that holds this text; it must be there exactly once. */
function command(part: string, database = "NEWDB"): string {
  const blocks = [...restorePage.matchAll(/```sh\n(.*?)```/gs)].map(([, text = ""]) => text.trim());
  const found = blocks.filter((block) => block.includes(part));
  assert.equal(found.length, 1, part);
  return String(found[0])
    .replaceAll("BACKUP", backup)
    .replaceAll("NEWDB", database)
    .replaceAll("REALNAME", `${database}_real`);
}

test("the first command notices a changed byte and passes otherwise", async () => {
  await shell(target, command("--strict"));
  await shell(target, command("--quiet checksums.txt"));
  const path = join(directory, `${backup}.sql`);
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.subarray(0, -100));
  await assert.rejects(shell(target, command("--strict")));
  writeFileSync(path, bytes);
});

test("roles, then the database with its owner, then the plain dump", async () => {
  await shell(target, command("globals_BACKUP"));
  await shell(target, command("-d postgres -f database_BACKUP"));
  await shell(target, command("-f BACKUP.sql", "codexdb"));
  assert.equal(await ownerAndRows("codexdb"), "keeper|500|keeper");
});

for (const [ending, part] of [
  ["zst", "BACKUP.sql.zst"],
  ["gz", "BACKUP.sql.gz"],
  ["dump", "--dbname=NEWDB BACKUP.dump"],
  ["dump_zst", "BACKUP.dump.zst"],
  ["dump_gz", "BACKUP.dump.gz"],
] as const) {
  test(`.${ending} into a database of another name, which is then renamed`, async () => {
    const name = `from_${ending}`;
    await shell(target, command("createdb", name));
    await shell(target, command(part, name));
    await shell(target, command("ANALYZE", name));
    await shell(target, command("RENAME", name));
    assert.match(await ownerAndRows(`${name}_real`), /\|500\|keeper$/);
  });
}

test("a decompressor that fails is not hidden by psql's success", async () => {
  const path = join(directory, `${backup}.sql.zst`);
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.subarray(0, bytes.length - 5));
  await shell(target, command("createdb", "from_cut"));
  await assert.rejects(shell(target, command("BACKUP.sql.zst", "from_cut")));
  writeFileSync(path, bytes);
});

test("a capsule is tested and unpacked", async () => {
  await shell(
    target,
    "mkdir -p tree/ledger && echo x > tree/ledger/a && (cd tree && python3 -m zipfile -c ../c.zip ledger)",
  );
  await shell(target, command("unzip -t").replaceAll("CAPSULE", "c").replaceAll("TARGET", "out"));
  assert.equal(readFileSync(join(directory, "out/ledger/a"), "utf8"), "x\n");
});

async function ownerAndRows(database: string): Promise<string> {
  const sql = `SELECT (SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()),
    (SELECT count(*) FROM ledger), (SELECT tableowner FROM pg_tables WHERE tablename = 'ledger')`;
  return (await target.psql(sql, database)).trim();
}
