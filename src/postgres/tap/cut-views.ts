import type { CutEntry } from "./cut-entry.ts";
import type { CutIndex } from "./cut-lookup.ts";

const views = new Set(["VIEW", "MATERIALIZED VIEW"]);

/**
 * The tables, as keys, whose rows a view shows, also through other views; none for what is no view. What functions read
 * in their bodies is not seen.
 */
export function tablesReadBy(index: CutIndex, view: string): ReadonlySet<string> {
  const tables = new Set<string>();
  const seen = new Set([view]);
  const isView = (key: string) => views.has(index.relations.get(key)?.type ?? "");
  const waiting = isView(view) ? [view] : [];
  for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) {
    const read = definitionsOf(index, key).flatMap(({ references }) => references.map((one) => one.key));
    for (const other of read.filter((one) => !seen.has(one))) {
      seen.add(other);
      if (isView(other)) waiting.push(other);
      else if (index.relations.get(other)?.type === "TABLE") tables.add(other);
    }
  }
  return tables;
}

/** A view that stands in a circle is defined by a rule, after a place-holder. */
function definitionsOf(index: CutIndex, key: string): readonly CutEntry[] {
  const own = index.relations.get(key);
  const rules = index.parts(key).filter(({ type, name }) => type === "RULE" && name.endsWith(" _RETURN"));
  return own === undefined ? rules : [own, ...rules];
}
