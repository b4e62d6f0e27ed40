/** What the comment says that pg_dump writes before the statements of one object. */
export interface EntryHeader {
  /** "TABLE", "FUNCTION", "ACL", "COMMENT", "FK CONSTRAINT", … */
  readonly type: string;
  /** "" for what is in no schema. */
  readonly schema: string;
  /** As pg_dump writes it, unquoted: "users", "total(integer)", "users users_pkey", "TABLE users". */
  readonly name: string;
  /** "": the database's own. */
  readonly tablespace: string;
}

const byte = { n: 78, d: 68, s: 83, colon: 58 } as const;
const header =
  /^-- (?:Data for |Statistics for )?Name: (.*); Type: ([A-Z][A-Z ]*); Schema: (.*); Owner: (.*)$/s;
const tablespace = /; Tablespace: (.*)$/s;

/** Whether it is worth reading; cheap enough to be asked of every comment ("-- Name:", "-- Data for Name:", …). */
export function mayBeEntryHeader(comment: Buffer): boolean {
  return (
    (comment[3] === byte.n && comment[7] === byte.colon) ||
    (comment[3] === byte.d && comment[16] === byte.colon) ||
    (comment[3] === byte.s && comment[22] === byte.colon)
  );
}

/**
 * Reads the text of a comment that stands between statements; null when it is another one. Names can hold the very
 * words that separate them; such a header is read wrong, but each time in the same way.
 */
export function readEntryHeader(comment: string): EntryHeader | null {
  const [, name, type, schema, rest] = header.exec(comment) ?? [];
  if (name === undefined || type === undefined || schema === undefined || rest === undefined) return null;
  return { type, schema: schema === "-" ? "" : schema, name, tablespace: tablespace.exec(rest)?.[1] ?? "" };
}
