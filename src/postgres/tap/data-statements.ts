import type { SequenceFingerprint } from "../../domain/backups/fingerprint.ts";
import type { DumpSession } from "./dump-session.ts";
import { readQualifiedName, tokenise } from "./tokens.ts";
import { unreadable } from "./unreadable.ts";

/** `SELECT pg_catalog.setval('schema.name', value, is_called)`; null when it has another form. */
export function readSetval(bytes: Buffer, session: DumpSession): SequenceFingerprint | null {
  const tokens = session.tokens(bytes);
  const [name, , value, , isCalled] = tokens.slice(tokens.findIndex((token) => token.kind === "string"));
  if (name?.kind !== "string" || value?.kind !== "number" || isCalled?.kind !== "name") return null;
  const sequence = readQualifiedName(tokenise(name.text, true), 0);
  if (sequence === null) return null;
  return {
    schema: sequence.schema ?? session.defaultSchema,
    name: sequence.name,
    value: value.text,
    isCalled: isCalled.text === "true",
  };
}

/** The object of `SELECT pg_catalog.lo_open('oid', mode)`. */
export function readLargeObjectOid(bytes: Buffer, session: DumpSession): string {
  const oid = session.tokens(bytes).find((token) => token.kind === "string")?.text ?? "";
  if (!/^\d+$/.test(oid)) throw unreadable("a large object is opened without a number");
  return oid;
}

/** The bytes of `SELECT pg_catalog.lowrite(0, '\x…')`; always in hex since pg_dump 9.0. */
export function readLargeObjectBytes(statement: Buffer): Buffer {
  const from = statement.indexOf("x", statement.indexOf(39)) + 1;
  const to = statement.lastIndexOf(39);
  const bytes = Buffer.from(statement.toString("latin1", from, to), "hex");
  if (from === 0 || bytes.length * 2 !== to - from) throw unreadable("a large object's data is not in hex");
  return bytes;
}
