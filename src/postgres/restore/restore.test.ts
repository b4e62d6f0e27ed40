import assert from "node:assert/strict";
import { test } from "node:test";
import type { PostgresFacts } from "../../domain/backups/manifest.ts";
import { nameBeside } from "../../domain/backups/restoring-name.ts";
import type { TargetRow } from "../sql/restore-target.ts";
import type { DumpEvent } from "../tap/dump-events.ts";
import { createDumpLexer } from "../tap/dump-lexer.ts";
import { readHeader } from "./database-header.ts";
import { findLocale } from "./locale-findings.ts";
import { isAboutOwners } from "./owner-statements.ts";
import { parsePsqlMessages } from "./psql-errors.ts";
import { planRoles } from "./roles.ts";

const header = Buffer.from(`SET client_encoding = 'UTF8';
CREATE DATABASE "a ""b; c" WITH TEMPLATE = template0 ENCODING = 'UTF8' LOCALE = 'C';
ALTER DATABASE "a ""b; c" OWNER TO "Ünï owner";
\\connect -reuse-previous=on "dbname='a'"
COMMENT ON DATABASE "a ""b; c" IS 'says ALTER DATABASE x; and more';
ALTER DATABASE "a ""b; c" SET "awkward.setting" TO 'it''s ; set';
ALTER ROLE "Ünï owner" IN DATABASE "a ""b; c" SET work_mem TO '7MB';
SET SESSION AUTHORIZATION grantor;
GRANT CONNECT,TEMPORARY ON DATABASE "a ""b; c" TO PUBLIC;
RESET SESSION AUTHORIZATION;
REVOKE GRANT OPTION FOR CREATE ON DATABASE "a ""b; c" FROM app;
SECURITY LABEL FOR selinux ON DATABASE "a ""b; c" IS 'x';
DROP TABLE precious;
`);

test("a header is re-written for the new name, and nothing else in the file is run", () => {
  const read = readHeader(header, { database: 'new "one"', withoutOwners: false });
  assert.match(read.create ?? "", /^CREATE DATABASE "new ""one""" WITH TEMPLATE = template0/);
  assert.deepEqual(read.properties, [
    'ALTER DATABASE "new ""one""" OWNER TO "Ünï owner"',
    `COMMENT ON DATABASE "new ""one""" IS 'says ALTER DATABASE x; and more'`,
    `ALTER DATABASE "new ""one""" SET "awkward.setting" TO 'it''s ; set'`,
    `ALTER ROLE "Ünï owner" IN DATABASE "new ""one""" SET work_mem TO '7MB'`,
    "SET SESSION AUTHORIZATION grantor",
    'GRANT CONNECT,TEMPORARY ON DATABASE "new ""one""" TO PUBLIC',
    "RESET SESSION AUTHORIZATION",
    'REVOKE GRANT OPTION FOR CREATE ON DATABASE "new ""one""" FROM app',
    `SECURITY LABEL FOR selinux ON DATABASE "new ""one""" IS 'x'`,
  ]);
});

test("a name with a dollar sign is not taken for a pattern", () => {
  const read = readHeader(header, { database: "$& $1 $$", withoutOwners: false });
  assert.match(read.create ?? "", /^CREATE DATABASE "\$& \$1 \$\$" WITH/);
});

test("a name beside another is cut to what PostgreSQL keeps, between characters", () => {
  assert.equal(nameBeside("codexdb", "_before_x"), "codexdb_before_x");
  for (const name of ["d".repeat(63), "ü".repeat(31), `a${"𝄞".repeat(15)}`]) {
    const beside = nameBeside(name, "_restoring_a1b2c3");
    assert.ok(Buffer.byteLength(beside) <= 63 && Buffer.byteLength(beside) > 59, beside);
    assert.ok(beside.isWellFormed() && name.startsWith(beside.replace("_restoring_a1b2c3", "")), beside);
  }
});

test("without owners, a header keeps only what needs no other role", () => {
  const read = readHeader(header, { database: "n", withoutOwners: true });
  assert.deepEqual(
    read.properties.filter((one) => /OWNER TO|GRANT|REVOKE|AUTHORIZATION/.test(one)),
    [],
  );
  assert.equal(read.properties.length, 4);
});

test("only statements about roles that are missing are taken from the globals", () => {
  const globals = Buffer.from(`CREATE ROLE "new one";
ALTER ROLE "new one" WITH LOGIN PASSWORD 'SCRAM-SHA-256$4096:x';
COMMENT ON ROLE "new one" IS 'mine';
ALTER ROLE "new one" SET search_path TO 'a';
ALTER ROLE "new one" IN DATABASE other SET work_mem TO '1';
CREATE ROLE known;
ALTER ROLE known WITH SUPERUSER PASSWORD 'overwritten';
ALTER ROLE known SET search_path TO 'b';
GRANT known TO "new one" GRANTED BY codex;
GRANT "new one" TO known WITH ADMIN OPTION GRANTED BY codex;
CREATE TABLESPACE fast OWNER codex LOCATION '/x';
`);
  const plan = planRoles(globals, new Set(["known", "codex"]));
  assert.deepEqual(plan.created, ["new one"]);
  assert.deepEqual(plan.statements, [
    'CREATE ROLE "new one"',
    `ALTER ROLE "new one" WITH LOGIN PASSWORD 'SCRAM-SHA-256$4096:x'`,
    `COMMENT ON ROLE "new one" IS 'mine'`,
    `ALTER ROLE "new one" SET search_path TO 'a'`,
    'GRANT known TO "new one" GRANTED BY codex',
  ]);
  assert.equal(plan.leftAlone.length, 1);
});

function statementsOf(text: string): readonly DumpEvent[] {
  return createDumpLexer()
    .push(Buffer.from(text))
    .filter((event) => event.kind === "statement");
}

test("owner statements are known by their end, however long and odd the object's name", () => {
  const about = [
    `ALTER FUNCTION public.f(a integer, b text, c timestamp with time zone, d double precision) OWNER TO app;`,
    `ALTER TABLE "x OWNER TO y" OWNER TO "Ünï ""role""";`,
    `GRANT SELECT ON TABLE t TO app;`,
    `ALTER DEFAULT PRIVILEGES FOR ROLE app GRANT SELECT ON TABLES TO PUBLIC;`,
  ];
  for (const text of about) assert.deepEqual(statementsOf(text).map(isAboutOwners), [true], text);
  const others = [
    `ALTER TABLE t ALTER COLUMN c SET DEFAULT 'x OWNER TO y;';`,
    `ALTER TABLE ONLY t ADD CONSTRAINT "a OWNER TO b" CHECK (true);`,
    `COMMENT ON TABLE t IS 'OWNER TO app';`,
  ];
  for (const text of others) assert.deepEqual(statementsOf(text).map(isAboutOwners), [false], text);
});

test("psql's messages are told apart by SQLSTATE, in any language", () => {
  const stderr = `psql:<stdin>:3: WARNUNG:  01000: Achtung
psql:<stdin>:9: FEHLER:  42P01: Relation »t« existiert nicht
LINE 1: select t
ERROR:  25P02: current transaction is aborted
LOCATION:  parserOpenTable, parse_relation.c:1392
`;
  assert.deepEqual(parsePsqlMessages(stderr), {
    error: { sqlstate: "42P01", message: "Relation »t« existiert nicht" },
    warnings: ["Achtung"],
  });
});

test("a warning is none the less one when it comes with an error's SQLSTATE", () => {
  const stderr = [
    "psql:<stdin>:3: WARNING:  55000: wal_level is insufficient to publish logical changes",
    'psql:<stdin>:4: NOTICE:  42P07: relation "a" already exists, skipping',
    'psql:<stdin>:5: ERROR:  42P07: relation "b" already exists',
  ].join("\n");
  const { error, warnings } = parsePsqlMessages(stderr);
  assert.equal(error?.message, 'relation "b" already exists');
  assert.equal(warnings.length, 2);
});

test("a locale is the same under glibc's two spellings, and another version of it is told", () => {
  const locale: PostgresFacts["locale"] = {
    provider: "libc",
    collate: "de_DE.UTF-8",
    ctype: "de_DE.UTF-8",
    icuLocale: null,
    collationVersion: "2.36",
  };
  const judge = (version: string, name: string) => {
    const locales = [{ provider: "c", name, version }];
    // Only these fields are looked at.
    return findLocale({ locale } as PostgresFacts, { locales } as unknown as TargetRow).map(
      (one) => one.severity,
    );
  };
  assert.deepEqual(judge("2.36", "de_DE.utf8"), []);
  assert.deepEqual(judge("2.41", "de_DE.utf8"), ["warning"]);
  assert.deepEqual(judge("2.36", "en_US.utf8"), ["blocker"]);
});
