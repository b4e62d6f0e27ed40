import { describeTable } from "../backups/fingerprint.ts";
import { Failure } from "../failure.ts";
import { editDistance } from "../nearest.ts";
import type { RelationName, TableChoice } from "./table-choice.ts";

/** As typed: "public.users", "users", "has.dot"."users", "public.log_*". */
export interface TypedTables {
  readonly tables: readonly string[];
  readonly schemas: readonly string[];
}

export interface KnownTables {
  readonly relations: readonly RelationName[];
  readonly schemas: readonly string[];
}

/**
 * Finds what was typed among what the dump holds. A text means the relation whose name it is, with its schema or, where
 * only one bears it, without; as it is, or as SQL would quote it; else `*` and `?` stand for any letters. Throws
 * "usage.invalid-value" with the nearest names where there is none, "usage.ambiguous" where it could be several.
 */
export function resolveTables(typed: TypedTables, known: KnownTables): TableChoice {
  return {
    relations: typed.tables.flatMap((text) => relationsNamed(text, known.relations)),
    schemas: typed.schemas.flatMap((text) => schemasNamed(text, known.schemas)),
  };
}

function relationsNamed(text: string, relations: readonly RelationName[]): readonly RelationName[] {
  const full = relations.filter((relation) => fullNames(relation).includes(text));
  const found = full.length > 0 ? full : relations.filter(({ name }) => name === text);
  if (found.length === 1) return found;
  if (found.length > 1) throw ambiguous(text, found);
  const matching = isPattern(text) ? relations.filter((one) => matches(text, plainName(one))) : [];
  if (matching.length > 0) return matching;
  throw unknown({ kind: "table", text, near: nearestOf(text, relations) });
}

function schemasNamed(text: string, schemas: readonly string[]): readonly string[] {
  const found = schemas.filter((schema) => schema === text || (isPattern(text) && matches(text, schema)));
  if (found.length > 0) return found;
  const near = byDistance(text, schemas, (schema) => schema);
  throw unknown({ kind: "schema", text, near });
}

function plainName({ schema, name }: RelationName): string {
  return `${schema}.${name}`;
}

function fullNames(relation: RelationName): readonly string[] {
  const quoted = [relation.schema, relation.name].map((part) => `"${part.replaceAll('"', '""')}"`);
  return [plainName(relation), describeTable(relation), quoted.join(".")];
}

function isPattern(text: string): boolean {
  return /[*?]/.test(text);
}

function matches(pattern: string, text: string): boolean {
  const escaped = pattern
    .replace(/[\\^$.|+()[\]{}]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", "(?:\\\\x[0-9a-f]{2}|.)"); // a byte that is no letter is told as \xe9
  return new RegExp(`^${escaped}$`, "su").test(text);
}

function nearestOf(text: string, relations: readonly RelationName[]): readonly string[] {
  const hasSchema = text.includes(".");
  return byDistance(text, relations, (one) => (hasSchema ? plainName(one) : one.name)).map(describeTable);
}

function byDistance<T>(text: string, known: readonly T[], nameOf: (one: T) => string): readonly T[] {
  return known
    .map((one) => ({ one, distance: editDistance(text.toLowerCase(), nameOf(one).toLowerCase()) }))
    .toSorted((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ one }) => one);
}

interface Unknown {
  readonly kind: "table" | "schema";
  readonly text: string;
  readonly near: readonly string[];
}

function unknown({ kind, text, near }: Unknown): Failure {
  const hint =
    near.length === 0
      ? `It holds no ${kind} at all.`
      : `Name one that is in it; the nearest are ${near.join(", ")}.`;
  return new Failure("usage.invalid-value", `Cannot restore ${kind} "${text}": it is not in the dump`, {
    hint,
  });
}

function ambiguous(text: string, found: readonly RelationName[]): Failure {
  return new Failure("usage.ambiguous", `Cannot tell which table "${text}" is: the dump has several`, {
    hint: `Name one with its schema: ${found.map(describeTable).join(", ")}.`,
  });
}
