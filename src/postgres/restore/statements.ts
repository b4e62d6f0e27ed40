import { decoderOf } from "../encodings.ts";
import { decodeLoose, encodeLoose, escapeLoose } from "../loose-text.ts";
import { createDumpLexer } from "../tap/dump-lexer.ts";

/**
 * The SQL statements of a short script (globals, database header), in order, as loose text: names of roles and databases
 * are bytes, whatever encoding the script says. psql's own commands are left out: they are never obeyed. Throws
 * "postgres.dump-unreadable".
 */
export function readStatements(script: Buffer): readonly string[] {
  const lexer = createDumpLexer();
  const events = [...lexer.push(script), ...lexer.end().events];
  return events.flatMap((event) =>
    event.kind === "statement" && event.isWhole ? [withoutSemicolon(decodeLoose(event.bytes))] : [],
  );
}

/** The encoding that a script says it is in; where that is none, the one that it makes the database in. */
export function encodingOf(script: Buffer): string {
  const lexer = createDumpLexer();
  lexer.push(script);
  lexer.end();
  const { encoding } = lexer.session;
  if (encoding !== "SQL_ASCII") return encoding;
  return /^CREATE DATABASE .* ENCODING = '(\w+)'/m.exec(script.toString("latin1"))?.[1] ?? encoding;
}

/**
 * A statement of a script in this encoding, as a database in `server` takes it. One in UTF-8 refuses bytes that are none,
 * so there they become the letters that they were; everywhere else the bytes stay, and with them each role its name.
 */
export function fitStatement(
  statement: string,
  { script, server }: { readonly script: string; readonly server: string },
): string {
  if (server !== "UTF8" || statement.isWellFormed()) return statement;
  return decoderOf(script)?.(encodeLoose(statement)) ?? statement;
}

/** For messages. Never the whole statement: ALTER ROLE holds a password's hash. */
export function firstWords(statement: string): string {
  return escapeLoose(statement.split(/\s+/).slice(0, 3).join(" "));
}

function withoutSemicolon(statement: string): string {
  return statement.trim().replace(/;$/, "");
}

/** One identifier as pg_dump writes it, for use inside a regular expression. */
export const identifier = String.raw`(?:"(?:[^"]|"")*"|[^\s";,.()]+)`;

/** The name that an identifier stands for. */
export function unquote(written: string): string {
  return written.startsWith('"') ? written.slice(1, -1).replaceAll('""', '"') : written.toLowerCase();
}
