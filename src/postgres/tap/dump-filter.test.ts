import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createDumpFilter, isKnownTo, isRestorable } from "./dump-filter.ts";

function filtered(text: string, chunkBytes = 1 << 16): { sent: string; isComplete: boolean } {
  const filter = createDumpFilter(isRestorable);
  const bytes = Buffer.from(text);
  const sent: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    sent.push(...filter.push(bytes.subarray(at, at + chunkBytes)));
  }
  const end = filter.end();
  return { sent: Buffer.concat([...sent, ...end.bytes]).toString(), isComplete: end.isComplete };
}

const refused = { code: "postgres.restore-refused" };

test("the transaction round large objects is left out, and the words in a body, a string or a row stay", () => {
  const body = "CREATE FUNCTION f() BEGIN ATOMIC select 1; END;\nselect 'BEGIN;', $$\nCOMMIT;\n$$;\n";
  const rows = "COPY t (a) FROM stdin;\nBEGIN;\nCOMMIT;\n\\.\n";
  const objects = "SELECT pg_catalog.lo_open('1', 131072);\nSELECT pg_catalog.lo_close(0);\n";
  const { sent } = filtered(`${body}BEGIN;\n${objects}COMMIT;\n${rows}`);
  assert.equal(sent, `${body}\n${objects}\n${rows}`);
});

test("statements about subscriptions are left out, and a table of that name stays", () => {
  const gone = [
    "CREATE SUBSCRIPTION s CONNECTION 'a;b' PUBLICATION p;",
    'create /* x */ subscription "s;" connection $$;$$ publication p;',
    "ALTER SUBSCRIPTION s OWNER TO codex;",
    "COMMENT ON SUBSCRIPTION s IS 'x';",
    "SECURITY LABEL FOR selinux ON SUBSCRIPTION s IS 'x';",
  ];
  const kept = "COMMENT ON TABLE public.subscription IS 'CREATE SUBSCRIPTION';CREATE TABLE subscription ();";
  assert.equal(filtered(gone.join("") + kept).sent, kept);
});

test("every psql command is refused, wherever a backslash would be obeyed", () => {
  const commands = [
    "\\! ls\n",
    "select 1 \\g /tmp/x\n",
    "select (\n\\! ls\n);",
    "\\connect x\n",
    "\\i x\n",
    "\\",
  ];
  for (const text of [...commands, "\\unrestrict `id`\n", "\\restrict a \\! ls\n", "\\unrestrict a\n"]) {
    assert.throws(() => filtered(`${text}`), refused, text);
    assert.throws(() => filtered(`\\restrict k\n${text}`, 1), refused, text);
  }
});

test("pg_dump's own pair passes, but nothing after it, not twice, and not with another key", () => {
  const inner = "select '\\! ls';\nCOPY t (a) FROM stdin;\n\\\\! ls\n\\.\n";
  const text = `\\restrict k\n${inner}--\n\\unrestrict k\n-- end\n`;
  assert.equal(filtered(text).sent, text);
  for (const bad of [
    `${text}select 1;`,
    text + text,
    text.replace("\\unrestrict k", "\\unrestrict j"),
    inner + text,
  ]) {
    assert.throws(() => filtered(bad), refused, bad);
  }
});

test("nothing of a backslash command is returned before it is refused, also when it comes byte by byte", () => {
  const filter = createDumpFilter(isRestorable);
  const sent: Buffer[] = [];
  assert.throws(() => {
    for (const byte of Buffer.from("select 1;\n\\! ls\n")) sent.push(...filter.push(Buffer.from([byte])));
  }, refused);
  assert.equal(Buffer.concat(sent).includes("\\"), false);
});

test("a server is spared the settings that came after it, and a table, a string or a role of that name stays", () => {
  const setting = "SET transaction_timeout = 0;\n";
  const rest =
    "SET lock_timeout = 0;\nselect 'SET transaction_timeout = 0;';\nCOPY t (a) FROM stdin;\nSET transaction_timeout = 0;\n\\.\n" +
    "ALTER ROLE a SET transaction_timeout = 0;\n";
  const sentTo = (major: number) => {
    const filter = createDumpFilter((event) => isKnownTo(event, major));
    const sent = filter.push(Buffer.from(setting + rest));
    return Buffer.concat([...sent, ...filter.end().bytes]).toString();
  };
  assert.equal(sentTo(16), `\n${rest}`);
  assert.equal(sentTo(17), setting + rest);
});

test("the end tells whether the trailer was seen", () => {
  const trailer = "--\n-- PostgreSQL database dump complete\n--\n\n";
  assert.equal(filtered(`select 1;\n${trailer}`).isComplete, true);
  assert.equal(filtered(`select 1;\n${trailer}`.slice(0, -1)).isComplete, false);
});

test("what is sent does not depend on the chunks", () => {
  const text = "BEGIN;\n-- a\nselect 'x;\n';COMMIT;COPY t (a) FROM stdin;\nBEGIN;\n\\.\nselect $a$;$a$;\n";
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 90 }), (size) => {
      assert.deepEqual(filtered(text, size), filtered(text));
    }),
  );
});
