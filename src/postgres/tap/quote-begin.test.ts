import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createDumpFilter, isRestorable } from "./dump-filter.ts";

function sent(text: string, chunkBytes = 1 << 16): string {
  const filter = createDumpFilter(isRestorable);
  const bytes = Buffer.from(text);
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    parts.push(...filter.push(bytes.subarray(at, at + chunkBytes)));
  }
  return Buffer.concat([...parts, ...filter.end().bytes]).toString();
}

test("a routine's name begin is sent in quotes, wherever it is a name", () => {
  const cases = [
    [
      "CREATE FUNCTION public.begin() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$;",
      "public.begin",
      'public."begin"',
    ],
    ["CREATE FUNCTION begin.f() RETURNS int LANGUAGE sql AS 'SELECT 1';", "begin.f", '"begin".f'],
    ["CREATE OR REPLACE PROCEDURE begin(begin int) LANGUAGE sql AS '';", "begin(begin", '"begin"("begin"'],
    [
      "CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT x.begin FROM public.begin x; END;",
      "x.begin FROM public.begin",
      'x."begin" FROM public."begin"',
    ],
  ] as const;
  for (const [text, from, to] of cases) {
    assert.equal(sent(text), text.replace(from, to));
    assert.equal(sent(text, 1), text.replace(from, to));
  }
});

test("the word stays as it is in bodies, strings, comments, other statements and rows", () => {
  const text = [
    "CREATE FUNCTION public.f(a text DEFAULT 'begin') RETURNS text LANGUAGE plpgsql AS $body$\nBEGIN RETURN 'begin'; END $body$;",
    "CREATE FUNCTION g() RETURNS text LANGUAGE sql AS E'\\'begin';",
    "CREATE FUNCTION \"begin\"() RETURNS text LANGUAGE sql /* begin */ AS ''; -- begin",
    "CREATE FUNCTION h() RETURNS int LANGUAGE sql BEGIN\n  ATOMIC SELECT CASE WHEN true THEN 1 END; END;",
    "CREATE TABLE begin (begin int);",
    "COPY begin (begin) FROM stdin;\nbegin\n\\.\n",
  ].join("\n");
  assert.equal(sent(text), text);
});

test("a body of more than a mebibyte is not touched, in whatever part the word stands", () => {
  const text = `CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN\n${"-- it's begin\n".repeat(100_000)}END $$;`;
  assert.equal(sent(text), text);
});

test("names with letters of any encoding come through byte by byte", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (name) => {
      const quoted = `"${name.replaceAll('"', '""')}"`;
      const text = `CREATE FUNCTION ${quoted}.begin() RETURNS int LANGUAGE sql AS '';`;
      assert.equal(
        sent(text),
        text.replace(
          /\.begin\(\) RETURNS int LANGUAGE sql AS '';$/,
          `."begin"() RETURNS int LANGUAGE sql AS '';`,
        ),
      );
    }),
  );
});
