import assert from "node:assert/strict";
import { test } from "node:test";
import { factsOfHead } from "./adopted-facts.ts";
import { createRoles, rolesNamedIn } from "./adopted-roles.ts";

test("a dump's first lines tell which server it needs; those of other programs do not", () => {
  const head =
    "--\n-- PostgreSQL database dump\n--\n\n-- Dumped from database version 15.20 (Debian 15.20-1)\nSET client_encoding = 'LATIN1';\n";
  const facts = factsOfHead(head);
  assert.deepEqual(
    [facts?.serverVersionNum, facts?.serverVersion, facts?.encoding],
    [150_020, "15.20", "LATIN1"],
  );
  assert.equal(factsOfHead("-- Dumped from database version 18beta1\n")?.serverVersionNum, 180_000);
  assert.equal(factsOfHead("INSERT INTO t VALUES ('-- Dumped from database version 15');\n"), null);
});

test("every role that owners and grants name is found, with its own letters", () => {
  const lines = `
ALTER TABLE public.users OWNER TO codex;
ALTER FUNCTION public."f TO x"(integer) OWNER TO "awkward""quote";
GRANT SELECT,INSERT ON TABLE public.users TO reader WITH GRANT OPTION;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE "Ünïcode" IN SCHEMA public GRANT SELECT ON TABLES TO later;
CREATE POLICY own ON public.users TO first_role, second_role USING ((owner = CURRENT_USER));
GRANT SELECT ON TABLE public.users TO pg_monitor;
`;
  assert.deepEqual(rolesNamedIn(lines), [
    "codex",
    "x", // one too many
    'awkward"quote',
    "reader",
    "Ünïcode",
    "later",
    "first_role",
    "second_role",
  ]);
  assert.equal(createRoles(["a", 'b"c']), 'CREATE ROLE "a" SUPERUSER;\nCREATE ROLE "b""c" SUPERUSER;\n');
});
