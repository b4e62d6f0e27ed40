import assert from "node:assert/strict";
import { test } from "node:test";
import { factsOfHead } from "./adopted-facts.ts";

test("a dump's first lines tell which server it needs; those of other programs do not", () => {
  const head =
    "--\n-- PostgreSQL database dump\n--\n\n-- Dumped from database version 15.20 (Debian 15.20-1)\n-- Dumped by pg_dump version 17.6 (Debian 17.6-1)\nSET client_encoding = 'LATIN1';\n";
  const facts = factsOfHead(head);
  assert.deepEqual(
    [facts?.serverVersionNum, facts?.serverVersion, facts?.clientVersion, facts?.encoding],
    [150_020, "15.20", "17.6", "LATIN1"],
  );
  assert.equal(factsOfHead("-- Dumped from database version 18beta1\n")?.serverVersionNum, 180_000);
  assert.equal(factsOfHead("INSERT INTO t VALUES ('-- Dumped from database version 15');\n"), null);
});
