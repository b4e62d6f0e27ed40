import assert from "node:assert/strict";
import { test } from "node:test";
import { createDumpFilter } from "../tap/dump-filter.ts";
import { renameRoles, renameRolesOf } from "./rename-roles.ts";
import { planRoles } from "./roles.ts";

const roles = new Map([
  ["codex", "tester"],
  ["reader one", 'the "new" one'],
  ["Ünï", "plain"],
]);

const renamed: readonly (readonly [before: string, after: string])[] = [
  ["ALTER TABLE public.t OWNER TO codex;", 'ALTER TABLE public.t OWNER TO "tester";'],
  [
    'ALTER TABLE public."x OWNER TO codex" OWNER TO "reader one";',
    'ALTER TABLE public."x OWNER TO codex" OWNER TO "the ""new"" one";',
  ],
  [
    "GRANT SELECT ON TABLE public.codex TO codex WITH GRANT OPTION;",
    'GRANT SELECT ON TABLE public.codex TO "tester" WITH GRANT OPTION;',
  ],
  ['GRANT ALL ON TABLE public."a TO codex" TO "Ünï";', 'GRANT ALL ON TABLE public."a TO codex" TO "plain";'],
  [
    "REVOKE ALL ON FUNCTION public.f(codex) FROM codex;",
    'REVOKE ALL ON FUNCTION public.f(codex) FROM "tester";',
  ],
  ["SET SESSION AUTHORIZATION codex;", 'SET SESSION AUTHORIZATION "tester";'],
  [
    'ALTER DEFAULT PRIVILEGES FOR ROLE codex IN SCHEMA s GRANT SELECT ON TABLES  TO "reader one";',
    'ALTER DEFAULT PRIVILEGES FOR ROLE "tester" IN SCHEMA s GRANT SELECT ON TABLES  TO "the ""new"" one";',
  ],
  [
    "CREATE POLICY codex ON public.codex AS RESTRICTIVE FOR SELECT TO codex, \"reader one\", other USING ((a = 'TO codex'::text));",
    'CREATE POLICY codex ON public.codex AS RESTRICTIVE FOR SELECT TO "tester", "the ""new"" one", other USING ((a = \'TO codex\'::text));',
  ],
  [
    "CREATE USER MAPPING FOR codex SERVER codex OPTIONS (x 'codex');",
    "CREATE USER MAPPING FOR \"tester\" SERVER codex OPTIONS (x 'codex');",
  ],
];

const untouched = [
  "GRANT SELECT ON TABLE public.t TO PUBLIC;",
  "COMMENT ON TABLE public.t IS 'x OWNER TO codex';",
  "COMMENT ON TABLE public.codex IS 'codex';",
  "ALTER TABLE public.t ALTER COLUMN a SET DEFAULT 'OWNER TO codex';",
  "CREATE TABLE public.codex (codex text DEFAULT 'GRANT x TO codex');",
  "CREATE FUNCTION public.f() RETURNS text LANGUAGE sql AS $$ SELECT 'ALTER TABLE t OWNER TO codex;' $$;",
  "ALTER TABLE public.t OWNER TO codexdb;",
];

test("roles are renamed where a statement names them, and nowhere else", () => {
  for (const [before, after] of renamed) assert.equal(renameRoles(before, roles), after);
  for (const statement of untouched) assert.equal(renameRoles(statement, roles), statement);
});

test("rows and bodies of a dump stay as they are, byte for byte, and names beyond ASCII are found", () => {
  const dump = [
    ...untouched,
    "COPY public.t (a) FROM stdin;\nALTER TABLE public.t OWNER TO codex;\nGRANT x TO codex;\n\\.\n",
    'ALTER TABLE public.t OWNER TO "Ünï";',
  ].join("\n");
  const filter = createDumpFilter(() => true, renameRolesOf(roles));
  const sent = Buffer.concat([...filter.push(Buffer.from(dump)), ...filter.end().bytes]).toString();
  assert.equal(sent, dump.replace('"Ünï";', '"plain";'));
});

test("a role that is called otherwise is made under that name, unless it is there", () => {
  const globals = Buffer.from(
    `CREATE ROLE codex;
ALTER ROLE codex WITH NOSUPERUSER LOGIN PASSWORD 'SCRAM-SHA-256$4096:codex';
CREATE ROLE other;
GRANT codex TO other GRANTED BY codex;
GRANT "reader one" TO codex;
`,
  );
  const plan = planRoles(globals, new Set(), roles);
  assert.deepEqual(plan.created, ["tester", "other"]);
  assert.ok(
    plan.statements.includes(
      `ALTER ROLE "tester" WITH NOSUPERUSER LOGIN PASSWORD 'SCRAM-SHA-256$4096:codex'`,
    ),
  );
  assert.ok(plan.statements.includes('GRANT "tester" TO other GRANTED BY "tester"'));
  const there = planRoles(globals, new Set(["tester"]), roles);
  assert.deepEqual(there.created, ["other"]);
  assert.ok(
    !there.statements.some((statement) => statement.includes("PASSWORD")),
    "its password stays its own",
  );
});

test("two roles that become one are made once, and not members of themselves", () => {
  const globals = Buffer.from("CREATE ROLE a;\nCREATE ROLE b;\nGRANT a TO b;\n");
  const plan = planRoles(
    globals,
    new Set(),
    new Map([
      ["a", "one"],
      ["b", "one"],
    ]),
  );
  assert.deepEqual(plan.statements, ['CREATE ROLE "one"']);
});
