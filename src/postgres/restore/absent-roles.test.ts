import assert from "node:assert/strict";
import { test } from "node:test";
import { createDumpFilter } from "../tap/dump-filter.ts";
import { createAbsentRoles } from "./absent-roles.ts";

const kept = [
  "CREATE POLICY all_of_it ON public.t USING (true);",
  "COMMENT ON POLICY all_of_it ON public.t IS 'POLICY gone ON public.t';",
  "CREATE POLICY p ON public.t FOR SELECT TO here, PUBLIC USING ((a = 'TO absent'::text));",
  "CREATE USER MAPPING FOR here SERVER far;",
  "CREATE USER MAPPING FOR PUBLIC SERVER far;",
  "CREATE TABLE public.policy (absent text DEFAULT 'CREATE POLICY x ON y TO absent');",
  "COPY public.t (a) FROM stdin;\nCREATE POLICY x ON public.t TO absent;\n\\.\n",
];
const leftOut = [
  'CREATE POLICY gone ON public.t AS RESTRICTIVE TO here, "ab;sent" USING (true);',
  "COMMENT ON POLICY gone ON public.t IS 'x';",
  "CREATE USER MAPPING FOR absent SERVER far OPTIONS (\"user\" 'x');",
];

test("only what names an absent role is left out, and each is told; rows and texts that look like it stay", () => {
  const roles = createAbsentRoles(new Set(["here"]));
  const filter = createDumpFilter((event) => !roles.leavesOut(event));
  const dump = Buffer.from([...kept, ...leftOut].join("\n"));
  const sent = Buffer.concat([...filter.push(dump), ...filter.end().bytes]).toString();
  assert.equal(sent.trimEnd(), kept.join("\n").trimEnd());
  assert.deepEqual(roles.warnings, [
    'Left out, since role "ab;sent" is not there: POLICY gone ON public.t',
    'Left out, since role "absent" is not there: USER MAPPING FOR absent SERVER far',
  ]);
});

test("of a database header, settings of absent roles are left out", () => {
  const roles = createAbsentRoles(new Set(["here", "Ünï"]));
  const isLeftOut = (statement: string) => roles.leavesOutStatement(statement);
  assert.equal(isLeftOut(`ALTER ROLE "Ünï" IN DATABASE x SET work_mem TO '7MB'`), false);
  assert.equal(isLeftOut(`ALTER DATABASE absent SET "my.setting" TO 'absent'`), false);
  assert.equal(isLeftOut(`ALTER ROLE absent IN DATABASE "x" SET "my.setting" TO 'secret'`), true);
  assert.deepEqual(roles.warnings, [
    'Left out, since role "absent" is not there: ALTER ROLE absent IN DATABASE "x" SET "my.setting"',
  ]);
});
