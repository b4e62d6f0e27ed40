import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { DumpEvent } from "./dump-events.ts";
import { createDumpLexer } from "./dump-lexer.ts";

/** Lexes `text` in pieces of the given lengths (the rest as one piece) and joins what chunking may split. */
function lex(text: string | Buffer, cuts: readonly number[] = []): { events: string[]; open: string | null } {
  const lexer = createDumpLexer();
  const bytes = Buffer.from(text);
  const events: DumpEvent[] = [];
  let at = 0;
  for (const cut of cuts) {
    const chunk = Buffer.from(bytes.subarray(at, at + cut));
    for (const event of lexer.push(chunk)) events.push({ ...event, bytes: Buffer.from(event.bytes) });
    chunk.fill("'"); // whoever reads into one buffer again and again must not change what is held back
    at += cut;
  }
  events.push(...lexer.push(bytes.subarray(at)));
  const { events: last, open } = lexer.end();
  events.push(...last);
  const together = Buffer.concat(events.map((event) => event.bytes));
  assert.ok(together.equals(bytes), "the events' bytes together must be the dump");
  return { events: joined(events), open };
}

function joined(events: readonly DumpEvent[]): string[] {
  const shown: { kind: string; text: string }[] = [];
  for (const event of events) {
    const last = shown.at(-1);
    const text = event.bytes.toString("latin1");
    if (last?.kind === event.kind && (event.kind === "space" || event.kind === "copy-data"))
      last.text += text;
    else shown.push({ kind: event.kind, text });
  }
  return shown.map(({ kind, text }) => `${kind} ${text}`);
}

function statements(text: string): string[] {
  return lex(text)
    .events.filter((event) => event.startsWith("statement "))
    .map((event) => Buffer.from(event.slice("statement ".length), "latin1").toString());
}

/** One statement each, whose end a careless lexer misses or sees too early. */
const awkwardStatements = {
  "doubled quotes": "select 'a''b;'';--' ;",
  "a comment in a string": "select '--', '/*';",
  "a string in a comment": "select 1 -- it's;\n + 2;",
  "nested comments": "select /* ; /* ; */ ' ; */ 1;",
  "a comment after an operator": "select 1 +/* ; */ 2 --;'\n;",
  "a comment that begins with slash-star-slash": "select /*/ ; */ 1;",
  "stars before the end of a comment": "select /** ; **/ 1;",
  "an E-string with an escaped quote": "select E'a\\';\\\\', e';\\'';",
  "an identifier that ends with e before a string": "select date'\\';",
  "a continued E-string": "select E'a'\n -- why;\n 'b\\';';",
  "two strings on one line are no continuation": "select E'a' '\\';",
  "a string with Unicode escapes": 'select U&\'\\0041;\' , u&"a;""\\0041";',
  "bit strings": "select B'01', x'1F;';",
  "quoted identifiers": 'select "a;""b\'--" from "/*";',
  "dollar quotes": "select $$a;'$$ || $a$;$$ $b$ $aa$ $a$ || $ä$;$ä$;",
  "a dollar inside an identifier": "select a$b$;",
  parameters: "select $1, $1;",
  "a dollar quote after a digit": "select 1$a$;$a$;",
  "a dollar quote after an operator": "select 1+$_x1$;$_x1$;",
  "a rule with two actions": "CREATE RULE r AS ON INSERT TO t DO ( insert into u values (1); select ')'; );",
  "a body in SQL":
    "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN a THEN 1 END; SELECT 2; END;",
  "a body in SQL after a comment": "CREATE OR REPLACE PROCEDURE p() BEGIN /* ; */ ATOMIC select 1; END;",
  "a body with a case in parentheses":
    "CREATE FUNCTION f() BEGIN ATOMIC select (case a when 1 then 2 end); END;",
  "a function called begin": "CREATE FUNCTION public.begin() RETURNS int AS 'select 1';",
  "a column called begin in a body": "CREATE FUNCTION f() BEGIN ATOMIC SELECT begin; SELECT t.begin; END;",
  "a transaction's begin": "BEGIN;",
  "an empty statement": ";",
} as const;

for (const [what, text] of Object.entries(awkwardStatements)) {
  test(`${what}: the statement ends at its own semicolon`, () => {
    const after = "SELECT 'next';";
    assert.deepEqual(statements(`${text}\n${after}\n`), [text, after]);
  });
}

test("with standard_conforming_strings off, backslashes escape in plain strings too, and back on again", () => {
  const off = "SET standard_conforming_strings = off;";
  const on = "SET standard_conforming_strings = on;";
  assert.deepEqual(statements(`${off}\nselect 'a\\';';\nselect B'1' '\\';';\n${on}\nselect '\\';`), [
    off,
    "select 'a\\';';",
    "select B'1' '\\';';",
    on,
    "select '\\';",
  ]);
});

test("what looks like COPY, a trailer or a command inside a body stays in the body", () => {
  const ghost = "\nCOPY public.ghost (a) FROM stdin;\n\\! ls\n\\.\n-- PostgreSQL database dump complete\n";
  for (const body of [`$_$${ghost}$_$`, `'${ghost}'`, `/*${ghost}*/ 1`, `"${ghost}"`]) {
    assert.deepEqual(lex(`select ${body};`).events, [`statement select ${body};`]);
  }
});

test("COPY data is nothing but data up to a line of backslash and dot", () => {
  const data = "a';\t$x$\n--\n\\\\.\n/*\n.\n\nCOPY t FROM stdin;\n\\N\t\\\\\n";
  for (const end of ["\\.\n", "\\.\r\n"]) {
    assert.deepEqual(lex(`COPY a.b (c) FROM stdin;\n${data}${end}select 1;`).events, [
      "copy-start COPY a.b (c) FROM stdin;",
      "space \n",
      `copy-data ${data}`,
      `copy-end ${end}`,
      "statement select 1;",
    ]);
  }
});

test("a table without rows, and one without columns whose rows are empty lines", () => {
  const copy = (data: string) => lex(`COPY t  FROM stdin;\n${data}\\.\n`).events.slice(2);
  assert.deepEqual(copy(""), ["copy-end \\.\n"]);
  assert.deepEqual(copy("\n\n"), ["copy-data \n\n", "copy-end \\.\n"]);
});

test("text between a COPY statement and its data is refused, because psql would run it after the data", () => {
  assert.throws(() => lex("COPY t (a) FROM stdin; select 1;\n1\n\\.\n"), {
    code: "postgres.dump-unreadable",
  });
});

test("COPY targets are read with quotes, dots, newlines and empty column lists", () => {
  const targets = {
    'COPY public."we.ird "" na\nme" (a, "b,c", "d ""q"" (x)", "from") FROM stdin;': {
      schema: "public",
      name: 'we.ird " na\nme',
      columns: ["a", "b,c", 'd "q" (x)', "from"],
    },
    "COPY Public.Zero  FROM stdin;": { schema: "public", name: "zero", columns: [] },
    'COPY "ä"."É" ("ß") FROM stdin;': { schema: "ä", name: "É", columns: ["ß"] },
  };
  for (const [text, target] of Object.entries(targets)) {
    const [event] = createDumpLexer().push(Buffer.from(`${text}\n`));
    assert.deepEqual(event?.kind === "copy-start" && event.target, target);
  }
});

test("names are read in the dump's encoding, and without a schema they belong to its search_path", () => {
  const text = `SET client_encoding = 'LATIN1';\nSET search_path = "x y", pg_catalog;\nCOPY "\xe4" (a) FROM stdin;\n`;
  const copy = createDumpLexer()
    .push(Buffer.from(text, "latin1"))
    .find((event) => event.kind === "copy-start");
  assert.deepEqual(copy?.target, { schema: "x y", name: "ä", columns: ["a"] });
});

test("an encoding in which quotes can hide is refused", () => {
  assert.throws(() => lex("SET client_encoding = 'SJIS';\n"), { code: "postgres.dump-unreadable" });
});

test("commands to psql are seen at the start of a line, after a statement and in the middle of one", () => {
  const commands = (text: string) => lex(text).events.filter((event) => event.startsWith("meta "));
  assert.deepEqual(commands("\\! ls\n"), ["meta \\! ls"]);
  assert.deepEqual(commands("select 1; \\connect x\nselect 2;"), ["meta \\connect x"]);
  assert.deepEqual(commands("select (1,\n\\! ls\n2);"), ["meta \\! ls"]);
  assert.deepEqual(commands("CREATE FUNCTION f() BEGIN ATOMIC\n\\! ls\nEND;"), ["meta \\! ls"]);
  assert.deepEqual(commands("select 1 -\\g /tmp/x"), ["meta \\g /tmp/x"]);
});

test("only pg_dump's exact form of restrict and unrestrict is its own", () => {
  const command = (text: string) => {
    const [event] = createDumpLexer().push(Buffer.from(`${text}\n`));
    return event?.kind === "meta" ? [event.command, event.key] : [];
  };
  assert.deepEqual(command("\\restrict aB9"), ["restrict", "aB9"]);
  assert.deepEqual(command("\\unrestrict aB9"), ["unrestrict", "aB9"]);
  for (const text of [
    "\\unrestrict `id`",
    "\\restrict a \\! ls",
    "\\restrict a \\\\ select 1",
    "\\.",
    "\\",
  ]) {
    assert.equal(command(text)[0], "foreign", text);
  }
});

test("what stands open at the end is told", () => {
  const opens: Readonly<Record<string, string | null>> = {
    "": null,
    "select 1;\n-- end": null,
    "select 1": "statement",
    "select 'a;": "statement",
    "/* a": "comment",
    "COPY t (a) FROM stdin;": "copy",
    "COPY t (a) FROM stdin;\n1\n\\.": "copy",
    "select 1 \\x": "statement",
  };
  for (const [text, open] of Object.entries(opens)) assert.equal(lex(text).open, open, text);
});

test("statements longer than the limit come in parts, with no byte lost and the end in its place", () => {
  const body = `$x$${"a;'".repeat(500_000)}$x$`;
  const { events } = lex(`CREATE FUNCTION f() AS ${body};select 2;`, [600_000, 600_000, 200_000]);
  assert.equal(events[0]?.startsWith("statement-part CREATE FUNCTION"), true);
  assert.equal(events.at(-1), "statement select 2;");
});

const identifier = fc.constantFrom("a", "e", "U", "x$1", "ä", '"q;""\'"', "u", "case", "b");
const quoted = fc.string({ unit: fc.constantFrom("'", "\\", ";", "$", "\n", "a", "-", "/", "*", '"', "ß") });
const piece = fc.oneof(
  identifier,
  quoted.map((body) => `'${body.replaceAll("'", "''")}'`),
  quoted.map((body) => `E'${body.replace(/['\\]/g, "\\$&")}'`),
  quoted.map((body) => `"${body.replaceAll('"', '""')}"`),
  quoted.map((body) => `$t1$${body.replaceAll("$", "")}$t1$`),
  quoted.map((body) => `/*${body.replace(/[*/]/g, "")}/* ; */ */`),
  quoted.map((body) => `--${body.replaceAll("\n", "")}\n`),
  quoted.map((body) => `(a; '${body.replaceAll("'", "''")}';)`),
  fc.constantFrom("+", "-", "/", "*", "$1", "1.5", "::", "&", "E"),
);
// Pieces are parted by operators that join with nothing, so that what is expected can be said without a lexer.
const statement = fc
  .array(piece, { maxLength: 8 })
  .map((pieces) => ({ kind: "statement", text: `select , ${pieces.join(" , ")} , ;` }));
const row = fc.string({ unit: fc.constantFrom("\\\\", ".", "'", "\t", "a", ";", "$$", "--") });
const copy = fc
  .array(row.filter((line) => line !== "\\."))
  .map((rows) => ({ kind: "copy", text: rows.map((line) => `${line}\n`).join("") }));
const comment = quoted.map((body) => ({ kind: "comment", text: `--${body.replaceAll("\n", "")}` }));
const dump = fc.array(fc.oneof(statement, copy, comment), { maxLength: 10 });

function compose(units: readonly { kind: string; text: string }[]): { text: string; expected: string[] } {
  const start = "COPY a.b (c) FROM stdin;";
  const expected = units.flatMap(({ kind, text }) => {
    if (kind !== "copy") return [`${kind} ${text}`, "space \n"];
    const data = text === "" ? [] : [`copy-data ${text}`];
    return [`copy-start ${start}`, "space \n", ...data, "copy-end \\.\n"];
  });
  const parts = units.map(({ kind, text }) => (kind === "copy" ? `${start}\n${text}\\.\n` : `${text}\n`));
  return { text: parts.join(""), expected };
}

function latin(events: readonly string[]): string[] {
  return events.map((event) => Buffer.from(event).toString("latin1"));
}

test("any mixture of statements, comments and rows gives exactly its own events, however it is cut", () => {
  const cuts = fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 40 });
  fc.assert(
    fc.property(dump, cuts, (units, lengths) => {
      const { text, expected } = compose(units);
      assert.deepEqual(lex(text, lengths), { events: latin(expected), open: null });
    }),
    { numRuns: 1000 },
  );
});

test("any bytes at all give the same events byte by byte as in one piece", () => {
  const unit = fc.constantFrom(
    ..."'\"$-/*\\;eEuU&B \n\r().a1\u00e4",
    "COPY a FROM stdin;\n",
    "\\.\n",
    "BEGIN ATOMIC ",
  );
  const noise = fc.string({ unit, maxLength: 40 });
  const attempt = (text: string, cuts: readonly number[]) => {
    try {
      return lex(text, cuts);
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
      return String(error);
    }
  };
  fc.assert(
    fc.property(noise, (text) => {
      const single = Array.from(Buffer.from(text), () => 1);
      assert.deepEqual(attempt(text, single), attempt(text, []));
    }),
    { numRuns: 2000 },
  );
});
