import type { CapsuleEntry } from "../backups/manifest.ts";
import { toldNames } from "./drift.ts";

/** A query as everybody may read it: of an encrypted database it names tables, and is known by its place in the config. */
export function toldQuery(
  sql: string,
  { index, isSealed }: { readonly index: number; readonly isSealed: boolean },
): string {
  return isSealed ? `query ${index + 1}, not named outside of the encryption` : sql;
}

/** What came of comparing the paths that a query named with the files of a capsule. */
export interface ReferenceResult {
  readonly job: string;
  readonly database: string | null;
  /** The backup in whose snapshot the query was asked; null: the point lacks it. */
  readonly backup: string | null;
  readonly sql: string;
  readonly root: string;
  /** Null: checked. Else why not, and the numbers below say nothing. */
  readonly unchecked: string | null;
  /** Different paths that the rows name. */
  readonly named: number;
  /** Of these, not in the capsule: a restore would lack them. `first` is empty where names are not kept. */
  readonly missing: NamedCount;
}

export interface NamedCount {
  readonly count: number;
  readonly first: readonly string[];
}

/** Files of the capsule below a root that no row names. */
export interface Unreferenced extends NamedCount {
  readonly root: string;
}

/** Of a capsule: every query of its restore point, and what lies where they point and is named by none. */
export interface ReferencesFacts {
  readonly queries: readonly ReferenceResult[];
  readonly unreferenced: readonly Unreferenced[];
}

/**
 * Where a row's text points to in a capsule, relative to the capsule's root, written as its entries are; null when it
 * leads out of the capsule or names nothing. An absolute path is one of the machine where the capsule was packed.
 * Names are compared byte for byte: no case, no other form of an accented letter is taken for the same.
 */
export function placeOf(
  text: string,
  { root, capsuleRoot }: { readonly root: string; readonly capsuleRoot: string },
): string | null {
  const isAbsolute = text.startsWith("/");
  const base = isAbsolute ? [] : partsOf(root);
  const parts = climb([...base], text.split("/"));
  if (parts === null) return null;
  const inner = isAbsolute ? below(partsOf(capsuleRoot), parts) : parts;
  const isInside = inner !== null && startsWith(inner, partsOf(root));
  return isInside && inner.length > partsOf(root).length ? inner.join("/") : null;
}

function partsOf(path: string): readonly string[] {
  return path.split("/").filter((part) => part !== "");
}

/** Follows names, "." and ".."; null when it climbs out at the top. */
function climb(parts: string[], steps: readonly string[]): readonly string[] | null {
  for (const step of steps) {
    if (step === "" || step === ".") continue;
    if (step !== "..") parts.push(step);
    else if (parts.pop() === undefined) return null;
  }
  return parts;
}

function startsWith(parts: readonly string[], head: readonly string[]): boolean {
  return head.every((part, index) => parts[index] === part);
}

function below(head: readonly string[], parts: readonly string[]): readonly string[] | null {
  return startsWith(parts, head) ? parts.slice(head.length) : null;
}

/** What is asked, before anything is known of the answer. */
export type ReferenceQuery = Omit<ReferenceResult, "named" | "missing" | "unchecked">;

/** Compares paths with a capsule's entries while they come, in memory that does not grow with them. */
export interface ReferenceCheck {
  /** Begins a query; what is named next belongs to it. `keyOf`: what a place is known by in `name`; null: by itself. */
  begin(query: ReferenceQuery, keyOf: ((place: string) => string) | null): void;
  /** `place`: placeOf's. `shown` is told when it is missing; null: it is not to be told. */
  name(place: string | null, shown: string | null): void;
  /** The query cannot be answered to its end. */
  giveUp(reason: string): void;
  finish(): ReferencesFacts;
}

interface Asked {
  readonly query: ReferenceQuery;
  /** Entries by what a place is known by. */
  readonly indexOf: ReadonlyMap<string, number>;
  unchecked: string | null;
  named: number;
  missing: number;
  readonly first: string[];
}

/** Remembers the entries once, for all queries of a set; what the tables name is then told to it piece by piece. */
export function createReferenceCheck(entries: readonly CapsuleEntry[]): ReferenceCheck {
  const paths = entries.map(({ path }) => path.replace(/\/$/, ""));
  const isNamed = new Uint8Array(entries.length);
  const asked: Asked[] = [];
  const current = () => asked.at(-1);
  return {
    begin: (query, keyOf) => {
      const keys = keyOf === null ? paths : paths.map(keyOf);
      const indexOf = new Map(keys.map((key, index) => [key, index]));
      asked.push({ query, indexOf, unchecked: null, named: 0, missing: 0, first: [] });
    },
    name(place, shown) {
      const one = current();
      if (one === undefined) return;
      one.named += 1;
      const index = place === null ? undefined : one.indexOf.get(place);
      if (index !== undefined) {
        isNamed[index] = 1;
        return;
      }
      one.missing += 1;
      if (shown !== null && one.first.length < toldNames) one.first.push(shown);
    },
    giveUp(reason) {
      const one = current();
      if (one !== undefined) one.unchecked = reason;
    },
    finish: () => ({
      queries: asked.map(({ query, unchecked, named, missing, first }) => ({
        ...query,
        unchecked,
        named,
        missing: { count: missing, first },
      })),
      unreferenced: rootsOf(asked).map((root) => unreferencedBelow(root, entries, isNamed)),
    }),
  };
}

/** Only where every query was answered: else files would pass for unreferenced that nobody has asked for. */
function rootsOf(asked: readonly Asked[]): readonly string[] {
  const roots = [...new Set(asked.map(({ query }) => query.root))];
  const touching = (root: string) =>
    asked.filter(({ query }) => isBelow(query.root, root) || isBelow(root, query.root));
  return roots.filter((root) => touching(root).every(({ unchecked }) => unchecked === null)).toSorted();
}

function isBelow(path: string, root: string): boolean {
  return root === "" || path === root || path.startsWith(`${root}/`);
}

function unreferencedBelow(
  root: string,
  entries: readonly CapsuleEntry[],
  isNamed: Uint8Array,
): Unreferenced {
  const free = entries.filter(
    ({ path, type }, index) => type !== "directory" && isNamed[index] === 0 && isBelow(path, root),
  );
  return { root, count: free.length, first: free.slice(0, toldNames).map(({ path }) => path) };
}
