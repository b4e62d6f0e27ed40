import type { Reference } from "./cut-references.ts";

/** What is known of one object of a dump, after its statements were read. */
export interface CutEntry {
  /** Counted from 1 in the dump's order; 0 is what stands before the first object. */
  readonly ordinal: number;
  readonly type: string;
  /** As the comment before it says. */
  readonly schema: string;
  readonly name: string;
  readonly references: readonly Reference[];
  /** What its rows are loaded into, or what its setval sets: a key. */
  readonly target: string | null;
  /** Objects without a schema that it needs, as "SERVER name", "ACCESS METHOD name", "LANGUAGE name". */
  readonly needs: readonly string[];
  /** An index's or constraint's own name, which statements use for it in the table's schema. */
  readonly indexName: string | null;
  /** The settings that stood before it and that it depends on, by their number. */
  readonly settings: readonly number[];
  /** It begins with CREATE. */
  readonly isCreated: boolean;
}

/**
 * What an entry is to a cut. "relation": can be chosen. "part": belongs to one relation. "about": grants, comments and
 * labels. "never": is not restored with single tables. "scaffold": everything else, taken where something needs it.
 */
export type EntryRole = "relation" | "part" | "about" | "never" | "scaffold";

const relations = new Set(["TABLE", "VIEW", "MATERIALIZED VIEW", "FOREIGN TABLE", "SEQUENCE"]);
const parts = new Set([
  "CHECK CONSTRAINT",
  "CONSTRAINT",
  "DEFAULT",
  "FK CONSTRAINT",
  "INDEX",
  "INDEX ATTACH",
  "MATERIALIZED VIEW DATA",
  "POLICY",
  "ROW SECURITY",
  "RULE",
  "SEQUENCE OWNED BY",
  "SEQUENCE SET",
  "STATISTICS",
  "TABLE ATTACH",
  "TABLE DATA",
  "TRIGGER",
]);
const abouts = new Set(["ACL", "COMMENT", "SECURITY LABEL"]);
const never =
  /^(BLOB|LARGE OBJECT|DATABASE|PUBLICATION|SUBSCRIPTION)|^(EVENT TRIGGER|DEFAULT ACL|USER MAPPING)$/;

/** Whether single tables can be restored with, by, for or without it. */
export function entryRole({ type, isCreated }: Pick<CutEntry, "type" | "isCreated">): EntryRole {
  // The sequence of an identity column is written as ALTER TABLE.
  if (relations.has(type)) return isCreated ? "relation" : "part";
  if (parts.has(type)) return "part";
  if (abouts.has(type)) return "about";
  return never.test(type) ? "never" : "scaffold";
}

/** The relation that a "part" belongs to, as a key; null when its statement has an unknown form. */
export function ownerOf({ type, references, target }: CutEntry): string | null {
  if (target !== null) return target;
  if (type === "SEQUENCE OWNED BY") return references[1]?.key ?? null;
  if (type === "STATISTICS") return references.at(-1)?.key ?? null;
  return references[0]?.key ?? null;
}
