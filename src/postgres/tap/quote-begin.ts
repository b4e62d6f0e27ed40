import type { DumpEvent } from "./dump-events.ts";

/** Strings, dollar quotes and comments, which are passed over whole, even when the statement's rest comes later; and words. */
const units =
  /[eE]'(?:[^'\\]|\\.|'')*(?:'|$)|'[^']*(?:'|$)|"[^"]*(?:"|$)|\$([A-Za-z_\x80-\xff][\w\x80-\xff]*)?\$.*?(?:\$\1\$|$)|--[^\n]*|\/\*.*?(?:\*\/|$)|[A-Za-z_\x80-\xff][\w$\x80-\xff]*/gs;
const followedByAtomic = /^\s+ATOMIC\b/i;

/**
 * The bytes of an event as psql understands them. psql up to 18 takes any word BEGIN in CREATE FUNCTION or PROCEDURE
 * for a body that lasts to its END, so that a function, schema or column of that name, which pg_dump leaves unquoted,
 * swallows the rest of the dump. Quoted, it is the same name.
 */
export function withBeginQuoted(event: DumpEvent): Buffer {
  if (!isRoutine(event)) return event.bytes;
  const text = event.bytes.toString("latin1");
  if (!/\bbegin\b/i.test(text)) return event.bytes;
  return Buffer.from(text.replace(units, quoted), "latin1");
}

/** A routine's beginning; of one so long that it comes in parts, the further parts are left as they are. */
function isRoutine(event: DumpEvent): boolean {
  if (event.kind !== "statement-part" && !(event.kind === "statement" && event.isWhole)) return false;
  const { words } = event;
  const kind = words[1] === "OR" ? words[3] : words[1];
  const isNamed = words[0] === "CREATE" && (kind === "FUNCTION" || kind === "PROCEDURE");
  return isNamed && /^\s*CREATE\b/i.test(event.bytes.toString("latin1", 0, 40));
}

function quoted(unit: string, ...more: readonly unknown[]): string {
  if (unit.toLowerCase() !== "begin") return unit;
  const [at, text] = more.slice(1); // after the only group: the offset and the whole text
  const rest = String(text).slice(Number(at) + unit.length);
  return followedByAtomic.test(rest) ? unit : `"${unit.toLowerCase()}"`;
}
