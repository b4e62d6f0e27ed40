import { createDumpLexer } from "../tap/dump-lexer.ts";

/**
 * The SQL statements of a short script (globals, database header), in order. psql's own commands are left
 * out: they are never obeyed. Throws "postgres.dump-unreadable".
 */
export function readStatements(script: Buffer): readonly string[] {
  const lexer = createDumpLexer();
  const events = [...lexer.push(script), ...lexer.end().events];
  return events.flatMap((event) =>
    event.kind === "statement" && event.isWhole ? [withoutSemicolon(lexer.session.decode(event.bytes))] : [],
  );
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
