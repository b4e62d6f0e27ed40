import type { DumpCut, RelationName, TableChoice } from "../../domain/restores/table-choice.ts";
import { type CutEntry, entryRole } from "./cut-entry.ts";
import { type CutIndex, indexEntries } from "./cut-lookup.ts";
import { keyOf, type Reference } from "./cut-references.ts";
import { tablesReadBy } from "./cut-views.ts";

type Extent = "whole" | "outline";

/** Decides what to keep of a dump. What is kept is enough for itself: nothing in it refers to what is left out. */
export function chooseEntries(entries: readonly CutEntry[], wish: TableChoice): DumpCut {
  const choice = new Choice(indexEntries(entries));
  for (const { schema, name } of wish.relations) choice.takeRelation(keyOf(schema, name), "whole");
  for (const schema of wish.schemas) choice.takeSchema(schema);
  return choice.finish();
}

class Choice {
  readonly #index: CutIndex;
  readonly #kept = new Set<CutEntry>();
  readonly #extents = new Map<string, Extent>();
  /** Decided when all relations are known. */
  readonly #pairs = new Set<CutEntry>();
  /** Schemas in which something is named that the dump does not define: an extension's, or pg_catalog. */
  readonly #foreignSchemas = new Set<string>();
  readonly #usedSchemas = new Set<string>();
  #wantsExtensions = false;

  constructor(index: CutIndex) {
    this.#index = index;
  }

  takeSchema(schema: string): void {
    this.#usedSchemas.add(schema);
    for (const entry of this.#index.entries) {
      if (entry.schema !== schema) continue;
      const role = entryRole(entry);
      if (role === "scaffold") this.#keep(entry);
      else if (role === "relation") this.takeRelation(entry.references[0]?.key ?? "", "whole");
    }
  }

  takeRelation(key: string, extent: Extent): void {
    const relation = this.#index.relations.get(key);
    const before = this.#extents.get(key);
    if (relation === undefined || before === "whole" || before === extent) return;
    this.#extents.set(key, extent);
    this.#keep(relation);
    for (const part of this.#index.parts(key)) this.#takePart(part, extent);
  }

  finish(): DumpCut {
    for (const entry of this.#index.entries) if (entry.type === "INDEX ATTACH") this.#pairs.add(entry);
    const leftOut: CutEntry[] = [];
    for (const pair of this.#pairs) {
      if (this.#isPairWhole(pair)) this.#kept.add(pair);
      else leftOut.push(pair);
    }
    this.#takeSurroundings();
    const leftOutKeys = leftOut.filter(({ type }) => type === "FK CONSTRAINT").map(namedKey);
    const lost = new Set(
      leftOutKeys.map(({ schema, name, constraint }) => keyOf(schema, `${constraint} ON ${name}`)),
    );
    for (const entry of this.#index.entries) if (this.#isAboutKept(entry, lost)) this.#kept.add(entry);
    const kept = [...this.#kept];
    return {
      kept: {
        entries: new Set(kept.map(({ ordinal }) => ordinal)),
        settings: new Set(kept.flatMap(({ settings }) => settings)),
      },
      whole: this.#named("whole"),
      withoutRows: this.#named("outline"),
      emptyViews: this.#emptyViews(),
      leftOutKeys,
      inseparable: this.#inseparable(),
      extensions: kept.filter(({ type }) => type === "EXTENSION").map(({ name }) => name),
    };
  }

  #takePart(part: CutEntry, extent: Extent): void {
    if (extent === "outline") {
      if (isPartOfOutline(part)) this.#keep(part);
    } else if (part.type === "FK CONSTRAINT") this.#pairs.add(part);
    else if (part.type === "TABLE ATTACH") {
      this.#pairs.add(part);
      this.takeRelation(part.references[1]?.key ?? "", "whole");
    } else this.#keep(part);
  }

  #keep(entry: CutEntry): void {
    if (this.#kept.has(entry)) return;
    this.#kept.add(entry);
    if (entry.schema !== "") this.#usedSchemas.add(entry.schema);
    for (const reference of entry.references) this.#pull(reference);
    for (const need of entry.needs) this.#need(need);
  }

  #pull(reference: Reference): void {
    this.#usedSchemas.add(reference.schema);
    const found = this.#index.resolve(reference);
    const isKnown =
      this.#index.relations.has(reference.key) || this.#index.ownerOfName(reference.key) !== null;
    if (found.length === 0 && !isKnown) this.#foreignSchemas.add(reference.schema);
    for (const entry of found) {
      if (entryRole(entry) !== "relation") this.#keep(entry);
      else this.takeRelation(reference.key, entry.type === "SEQUENCE" ? "whole" : "outline");
    }
  }

  #need(need: string): void {
    const [, kind = "", name = ""] = /^(.*?) ([^ ].*)$/.exec(need) ?? [];
    const entry = this.#index.unqualified(need) ?? this.#index.unqualified(`PROCEDURAL ${need}`);
    if (entry !== null) this.#keep(entry);
    else if (kind === "FOREIGN" || this.#index.unqualified(`EXTENSION ${name}`) !== null)
      this.#wantsExtensions = true;
  }

  /** Both sides of a foreign key, of an attached partition, of an attached index. */
  #isPairWhole({ type, references }: CutEntry): boolean {
    return references.slice(0, 2).every(({ key }) => {
      const relation = type === "INDEX ATTACH" ? this.#index.ownerOfName(key) : key;
      return relation !== null && this.#extents.get(relation) === "whole";
    });
  }

  /** Extensions may need each other, so all or none; then casts between kept types, then the schemas of everything. */
  #takeSurroundings(): void {
    const extensions = this.#index.entries.filter(({ type }) => type === "EXTENSION");
    const inUse = ({ needs }: CutEntry) =>
      needs.some((need) => this.#foreignSchemas.has(need.slice("SCHEMA ".length)));
    if (this.#wantsExtensions || extensions.some(inUse)) for (const entry of extensions) this.#keep(entry);
    for (const entry of this.#index.entries) {
      const isBetween = entry.type === "CAST" || entry.type === "TRANSFORM";
      if (isBetween && this.#isBetweenKept(entry)) this.#keep(entry);
    }
    for (const schema of this.#usedSchemas) {
      const entry = this.#index.unqualified(`SCHEMA ${schema}`);
      if (entry !== null) this.#kept.add(entry);
    }
  }

  #isBetweenKept({ references }: CutEntry): boolean {
    const types = references
      .flatMap((reference) => this.#index.resolve(reference))
      .filter(({ type }) => type === "TYPE" || type === "DOMAIN");
    return types.length > 0 && types.every((type) => this.#kept.has(type));
  }

  /** Grants, comments, labels: of what is kept, and of relations only when they are whole. */
  #isAboutKept(entry: CutEntry, lost: ReadonlySet<string>): boolean {
    if (entryRole(entry) !== "about") return false;
    const subject = entry.name.replace(/^FOREIGN SERVER /, "SERVER ");
    if (subject.startsWith("SCHEMA ")) return this.#usedSchemas.has(subject.slice("SCHEMA ".length));
    const alone = this.#index.unqualified(subject) ?? this.#index.unqualified(`CAST ${subject}`);
    if (alone !== null) return this.#kept.has(alone);
    if (/^(CAST|TRANSFORM) /.test(subject)) return false;
    if (lost.has(keyOf(entry.schema, subject.replace(/^CONSTRAINT /, "")))) return false;
    const [reference] = entry.references;
    if (reference === undefined) return false;
    const relation = this.#index.relations.has(reference.key)
      ? reference.key
      : this.#index.ownerOfName(reference.key);
    const isFunction = /^(FUNCTION|PROCEDURE|AGGREGATE) /.test(subject);
    if (relation !== null && !isFunction) return this.#extents.get(relation) === "whole";
    return this.#index.resolve({ ...reference, isCall: true }).some((object) => this.#kept.has(object));
  }

  #named(extent: Extent): readonly RelationName[] {
    return [...this.#extents]
      .filter(([, is]) => is === extent)
      .map(([key]) => named(key))
      .toSorted(byName);
  }

  #emptyViews(): DumpCut["emptyViews"] {
    return this.#named("whole").flatMap((name) => {
      const key = keyOf(name.schema, name.name);
      const isOutline = (read: string) => this.#extents.get(read) === "outline";
      const reads = [...tablesReadBy(this.#index, key)].filter(isOutline).map(named).toSorted(byName);
      const isMaterialized = this.#index.relations.get(key)?.type === "MATERIALIZED VIEW";
      const isFilled = this.#index.parts(key).some(({ type }) => type === "MATERIALIZED VIEW DATA");
      return reads.length === 0 || (isMaterialized && !isFilled) ? [] : [{ ...name, isMaterialized, reads }];
    });
  }

  #inseparable(): DumpCut["inseparable"] {
    return this.#index.entries.flatMap(({ type, schema, name, target }) => {
      if (type !== "TABLE DATA" || target === null || this.#extents.get(target) === "whole") return [];
      const isAsked = this.#extents.get(keyOf(schema, name)) === "whole";
      return isAsked && target !== keyOf(schema, name)
        ? [{ partition: { schema, name }, root: named(target) }]
        : [];
    });
  }
}

/**
 * A view may need its table's primary key, and a materialized view must be filled before it is read. Of a view whose
 * definition comes later, that one is needed in place of the place-holder.
 */
function isPartOfOutline({ type, name }: CutEntry): boolean {
  return (
    type === "CONSTRAINT" ||
    type === "MATERIALIZED VIEW DATA" ||
    (type === "RULE" && name.endsWith(" _RETURN"))
  );
}

function named(key: string): RelationName {
  const [schema = "", name = ""] = key.split("\0");
  return { schema, name };
}

/** pg_dump calls it "table constraint". */
function namedKey({ name, references }: CutEntry): RelationName & { readonly constraint: string } {
  const table = named(references[0]?.key ?? "");
  return { ...table, constraint: name.slice(table.name.length + 1) };
}

function byName(a: RelationName, b: RelationName): number {
  const [one, two] = [keyOf(a.schema, a.name), keyOf(b.schema, b.name)];
  return one < two ? -1 : one > two ? 1 : 0;
}
