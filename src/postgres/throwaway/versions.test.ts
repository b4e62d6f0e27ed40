import assert from "node:assert/strict";
import { test } from "node:test";
import { databaseNameOf } from "./cluster-host.ts";
import { createFromFacts, type LocaleFacts, nearestCreates } from "./create-statement.ts";
import { adaptGlobals } from "./globals.ts";
import { quietOptions } from "./quiet-connections.ts";
import { scratchDatabase, scratchNote, tokenOfDatabase, tokenOfNote } from "./scratch-names.ts";
import { locksFor, serverSettings } from "./server-settings.ts";
import { wantedMajor } from "./wanted-major.ts";

function facts(locale: Partial<LocaleFacts["locale"]>): LocaleFacts {
  const libc = {
    provider: "libc",
    collate: "de_DE.utf8",
    ctype: "C",
    icuLocale: null,
    collationVersion: "2.36",
  };
  return { encoding: "UTF8", locale: { ...libc, ...locale } };
}

const start = `CREATE DATABASE "it's" WITH TEMPLATE = template0 ENCODING = 'UTF8' LC_COLLATE = 'de_DE.utf8' LC_CTYPE = 'C'`;

test("a database is made with the provider that its source had, as each version says it", () => {
  assert.equal(createFromFacts("it's", facts({}), 14), start);
  assert.equal(createFromFacts("it's", facts({}), 15), `${start} LOCALE_PROVIDER = libc`);
  const icu = facts({ provider: "icu", icuLocale: "de-u-co-phonebk" });
  assert.equal(
    createFromFacts("it's", icu, 16),
    `${start} LOCALE_PROVIDER = icu ICU_LOCALE = 'de-u-co-phonebk'`,
  );
  const builtin = facts({ provider: "builtin", icuLocale: "C.UTF-8" });
  assert.equal(
    createFromFacts("it's", builtin, 17),
    `${start} LOCALE_PROVIDER = builtin BUILTIN_LOCALE = 'C.UTF-8'`,
  );
});

test("the nearest database keeps the encoding", () => {
  assert.match(nearestCreates("x", "UTF8")[0] ?? "", /ENCODING = 'UTF8' LC_COLLATE = 'C.UTF-8'/);
  assert.deepEqual(
    nearestCreates("x", "LATIN1").map((sql) => /ENCODING.*/.exec(sql)?.[0]),
    ["ENCODING = 'LATIN1' LC_COLLATE = 'C' LC_CTYPE = 'C'"],
  );
});

const globals = Buffer.from(`SET client_encoding = 'UTF8';
CREATE ROLE "Granted BY";
CREATE ROLE codex;
ALTER ROLE codex WITH SUPERUSER PASSWORD 'SCRAM-SHA-256$4096:x; GRANTED BY codex';
GRANT "Granted BY" TO codex WITH ADMIN OPTION, INHERIT TRUE GRANTED BY postgres;
CREATE TABLESPACE "fast disk" OWNER codex LOCATION '/mnt/it''s/fast';
ALTER TABLESPACE "fast disk" SET (random_page_cost = 1.1);
`);

test("from 16 on, a membership is granted by the throwaway's own superuser; nothing else is changed", () => {
  const until15 = adaptGlobals(globals, 15).statements;
  const from16 = adaptGlobals(globals, 16).statements;
  const changed = from16.filter((statement) => !until15.includes(statement));
  assert.deepEqual(changed, [`GRANT "Granted BY" TO codex WITH ADMIN OPTION, INHERIT TRUE`]);
  assert.equal(until15.length, from16.length);
});

test("a tablespace lies inside the cluster, and a proof says so", () => {
  const { statements, unproven } = adaptGlobals(globals, 15);
  assert.equal(statements[0], "SET allow_in_place_tablespaces = on");
  assert.ok(statements.includes(`CREATE TABLESPACE "fast disk" OWNER codex LOCATION ''`));
  assert.deepEqual(
    unproven.map(({ object }) => object),
    ["tablespaces"],
  );
  assert.deepEqual(adaptGlobals(Buffer.from("CREATE ROLE a;\n"), 15), {
    statements: ["CREATE ROLE a"],
    unproven: [],
  });
});

test("globals that hold a command of psql, or break off, are refused whole", () => {
  for (const text of ["\\! ls\n", "CREATE ROLE a \\! ls\n;", "\\connect x\n"])
    assert.throws(() => adaptGlobals(Buffer.from(text), 15), { code: "postgres.restore-refused" }, text);
  assert.throws(() => adaptGlobals(Buffer.from("CREATE ROLE a; ALTER ROLE a"), 15), {
    code: "postgres.dump-unreadable",
  });
  const restricted = "\\restrict k\nCREATE ROLE a;\n\\unrestrict k\n";
  assert.deepEqual(adaptGlobals(Buffer.from(restricted), 15).statements, ["CREATE ROLE a"]);
});

test("login event triggers are off where there are any, and only a superuser says so", () => {
  const settings = (major: number) => serverSettings({ major, socketDirectory: ".", locks: 64 });
  assert.equal("event_triggers" in settings(16), false); // unknown settings keep a server from starting
  assert.equal(settings(17).event_triggers, "off");
  assert.match(quietOptions({ versionNum: 170_002, isSuperuser: true }), /event_triggers=off/);
  assert.doesNotMatch(quietOptions({ versionNum: 160_004, isSuperuser: true }), /event_triggers/);
  assert.equal(quietOptions({ versionNum: 170_002, isSuperuser: false }), "");
});

test("a dump is restored on the major of its pg_dump, where that was newer than its server", () => {
  assert.equal(wantedMajor({ serverVersionNum: 150_020, clientVersion: "15.20" }), 15);
  assert.equal(wantedMajor({ serverVersionNum: 150_020, clientVersion: "17.2" }), 17);
  assert.equal(wantedMajor({ serverVersionNum: 150_020, clientVersion: "" }), 15);
});

test("the table of locks grows with the objects", () => {
  assert.equal(locksFor({ objects: {}, largeObjects: [] }), 64);
  const object = { oid: "1", sizeBytes: 0, sha256: "" };
  const many = {
    objects: { "CREATE TABLE": 3000 },
    largeObjects: Array.from({ length: 20_000 }, () => object),
  };
  // Of all transactions together, 20 connections.
  assert.ok(locksFor(many) * 20 > 3000 * 3 + 20_000);
});

test("the restored database is called as its source, unless the server has one of that name", () => {
  const header = (name: string) => Buffer.from(`CREATE DATABASE ${name} WITH TEMPLATE = template0;\n`);
  assert.equal(databaseNameOf(header('"it""s; mine"')), 'it"s; mine');
  assert.equal(databaseNameOf(header("codexdb")), "codexdb");
  assert.equal(databaseNameOf(header("postgres")), "proof");
  assert.equal(databaseNameOf(null), "proof");
});

test("a database or a comment of somebody else is never taken for a proof's", () => {
  const token = "0123456789abcdefghij";
  assert.equal(tokenOfDatabase(scratchDatabase(token)), token);
  assert.equal(tokenOfNote(scratchNote(token)), token);
  for (const name of [
    "codex_proof_",
    "codex_proof_of_concept",
    `x${scratchDatabase(token)}`,
    `${scratchDatabase(token)}_`,
  ])
    assert.equal(tokenOfDatabase(name), null, name);
  assert.equal(tokenOfNote(`not ${scratchNote(token)}`), null);
});
