import { type CutEntry, entryRole, ownerOf } from "./cut-entry.ts";
import { keyOf, type Reference } from "./cut-references.ts";

/** The entries of a dump, found by what names them. */
export interface CutIndex {
  readonly entries: readonly CutEntry[];
  /** Relations, by schema and name as their own statement says. */
  readonly relations: ReadonlyMap<string, CutEntry>;
  /** What belongs to a relation. */
  parts(relation: string): readonly CutEntry[];
  /** What a reference may mean, relations or other objects; empty when the dump does not define it. */
  resolve(reference: Reference): readonly CutEntry[];
  /** Of objects without a schema: "SERVER name". */
  unqualified(name: string): CutEntry | null;
  /** The relation whose index, constraint or identity sequence bears this name. */
  ownerOfName(key: string): string | null;
}

const callable = new Set(["FUNCTION", "PROCEDURE", "AGGREGATE", "TYPE", "DOMAIN"]);
const nothing: readonly CutEntry[] = [];

/** Once for a dump, so that each table finds what belongs to it without reading all entries again. */
export function indexEntries(entries: readonly CutEntry[]): CutIndex {
  const relations = new Map<string, CutEntry>();
  const objects = new Map<string, CutEntry[]>();
  const parts = new Map<string, CutEntry[]>();
  const unqualified = new Map<string, CutEntry>();
  const names = new Map<string, string>();
  for (const entry of entries) {
    const role = entryRole(entry);
    const key = entry.references[0]?.key;
    if (role === "relation" && key !== undefined) relations.set(key, entry);
    else if (role === "scaffold" && entry.schema === "")
      unqualified.set(`${entry.type} ${entry.name}`, entry);
    else if (role === "scaffold" && key !== undefined) add(objects, key, entry);
    else if (role === "part") addPart(entry, { parts, names });
  }
  return {
    entries,
    relations,
    parts: (relation) => parts.get(relation) ?? nothing,
    resolve: (reference) =>
      resolve(reference, relations.get(reference.key), objects.get(reference.key) ?? []),
    unqualified: (name) => unqualified.get(name) ?? null,
    ownerOfName: (key) => names.get(key) ?? null,
  };
}

interface PartMaps {
  readonly parts: Map<string, CutEntry[]>;
  readonly names: Map<string, string>;
}

/** A sequence's value comes after the column or the statement that makes it. */
function addPart(entry: CutEntry, { parts, names }: PartMaps): void {
  const named = ownerOf(entry);
  if (named === null) return;
  const owner = (entry.type === "SEQUENCE SET" ? names.get(named) : undefined) ?? named;
  add(parts, owner, entry);
  const [schema = ""] = owner.split("\0");
  const identity = entry.type === "SEQUENCE" ? entry.references[1]?.key : undefined;
  if (entry.indexName !== null) names.set(keyOf(schema, entry.indexName), owner);
  else if (identity !== undefined) names.set(identity, owner);
}

function add(map: Map<string, CutEntry[]>, key: string, entry: CutEntry): void {
  const same = map.get(key);
  if (same) same.push(entry);
  else map.set(key, [entry]);
}

/** A function and a table can have one name; functions of one name are taken together. */
function resolve(
  { isCall, isInBody }: Reference,
  relation: CutEntry | undefined,
  objects: readonly CutEntry[],
): readonly CutEntry[] {
  if (relation === undefined || isInBody) return objects;
  const called = isCall ? objects.filter(({ type }) => callable.has(type)) : [];
  return called.length > 0 ? called : [relation];
}
