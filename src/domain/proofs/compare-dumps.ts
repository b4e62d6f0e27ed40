import {
  describeObject,
  describeTable,
  type Fingerprint,
  type LargeObjectFingerprint,
  type ObjectFingerprint,
  type SequenceFingerprint,
  type TableFingerprint,
} from "../backups/fingerprint.ts";
import { type Comparison, formatCount } from "./comparison.ts";
import type { OtherWording } from "./other-wording.ts";

/**
 * Compares what was recorded of a dump with what the restored database dumps back: rows by the recorded column
 * lists, sequences, large objects, and the schema by its objects (of backups that do not list them, by the
 * number of statements of each kind and its whole text). Subscriptions are never restored, so never compared. With
 * `wording`, what of the schema differs in a way that it explains is unproven.
 */
export function compareDumps(
  recorded: Fingerprint,
  restored: Fingerprint,
  wording: OtherWording | null = null,
): Comparison {
  const tables = compareTables(recorded.tables, restored.tables);
  const schema = compareSchemas(recorded, restored, wording);
  return {
    compared: {
      tables: recorded.tables.length,
      rows: recorded.tables.reduce((sum, table) => sum + table.rows, 0),
      sequences: recorded.sequences.length,
      largeObjects: recorded.largeObjects.length,
      schemaObjects: schema.compared,
    },
    tables: tables.map(({ row }) => row),
    differences: [
      ...tables.flatMap(({ difference }) => (difference === null ? [] : [difference])),
      ...compareSequences(recorded.sequences, restored.sequences),
      ...compareLargeObjects(recorded.largeObjects, restored.largeObjects),
      ...schema.differences,
    ],
    unproven: [...unprovenSubscriptions(recorded), ...schema.unproven],
  };
}

/**
 * The recorded tables that the restored database lists with the same columns in another order (a column was added
 * to the parent of an inherited table): their rows must be read once more, by the recorded order.
 */
export function tablesInOtherOrder(
  recorded: Fingerprint,
  restored: Fingerprint,
): readonly TableFingerprint[] {
  const there = new Map(restored.tables.map((table) => [describeTable(table), table]));
  return recorded.tables.filter((table) => {
    const found = there.get(describeTable(table));
    return found !== undefined && !isSameList(table.columns, found.columns) && hasSameColumns(table, found);
  });
}

interface ComparedTable {
  readonly row: Comparison["tables"][number];
  readonly difference: string | null;
}

function compareTables(
  recorded: readonly TableFingerprint[],
  restored: readonly TableFingerprint[],
): readonly ComparedTable[] {
  const before = new Map(recorded.map((table) => [describeTable(table), table]));
  const after = new Map(restored.map((table) => [describeTable(table), table]));
  const names = [...before.keys(), ...[...after.keys()].filter((name) => !before.has(name))];
  return names.map((name) => {
    const [was, is] = [before.get(name), after.get(name)];
    const { schema, name: table } = (was ?? is) as TableFingerprint; // each name comes from one of them
    const difference = tableDifference(name, was, is);
    const row = { schema, name: table, recorded: sideOf(was), restored: sideOf(is) };
    return { row: { ...row, match: difference === null }, difference };
  });
}

function sideOf(table: TableFingerprint | undefined): { rows: number | null; sha256: string | null } {
  return { rows: table?.rows ?? null, sha256: table?.sha256 ?? null };
}

function tableDifference(
  name: string,
  was: TableFingerprint | undefined,
  is: TableFingerprint | undefined,
): string | null {
  if (was === undefined)
    return `table ${name} was not recorded (${formatCount(is?.rows ?? 0)} rows restored)`;
  if (is === undefined) return `table ${name} is missing (${formatCount(was.rows)} rows recorded)`;
  if (!isSameList(was.columns, is.columns))
    return `columns of ${name} differ (${was.columns.join(", ")} recorded; ${is.columns.join(", ")} restored)`;
  if (was.rows !== is.rows)
    return `rows of ${name} differ (${formatCount(was.rows)} recorded, ${formatCount(is.rows)} restored)`;
  if (was.sha256 === is.sha256 && was.bytes === is.bytes) return null;
  return `rows of ${name} differ (${formatCount(was.rows)} recorded and restored, in their content or order)`;
}

function compareSequences(
  recorded: readonly SequenceFingerprint[],
  restored: readonly SequenceFingerprint[],
): readonly string[] {
  const before = new Map(recorded.map((sequence) => [describeTable(sequence), sequence]));
  const after = new Map(restored.map((sequence) => [describeTable(sequence), sequence]));
  return pairs(before, after).flatMap(([name, was, is]) => {
    if (was === undefined) return [`sequence ${name} is ${is?.value}, and was not recorded`];
    if (is === undefined) return [`sequence ${name} is missing, recorded ${was.value}`];
    if (was.value !== is.value) return [`sequence ${name} is ${is.value}, recorded ${was.value}`];
    if (was.isCalled === is.isCalled) return [];
    return [`sequence ${name} is ${is.value}${usedText(is)}, recorded ${was.value}${usedText(was)}`];
  });
}

function usedText({ isCalled }: SequenceFingerprint): string {
  return isCalled ? " and used" : " and not used yet";
}

function compareLargeObjects(
  recorded: readonly LargeObjectFingerprint[],
  restored: readonly LargeObjectFingerprint[],
): readonly string[] {
  const before = new Map(recorded.map((object) => [object.oid, object]));
  const after = new Map(restored.map((object) => [object.oid, object]));
  return pairs(before, after).flatMap(([oid, was, is]) => {
    if (was === undefined) return [`large object ${oid} was not recorded`];
    if (is === undefined) return [`large object ${oid} is missing`];
    if (was.sizeBytes !== is.sizeBytes) {
      const sizes = `${formatCount(was.sizeBytes)} bytes recorded, ${formatCount(is.sizeBytes)} restored`;
      return [`large object ${oid} differs (${sizes})`];
    }
    return was.sha256 === is.sha256 ? [] : [`large object ${oid} differs in its bytes`];
  });
}

interface ComparedSchema {
  readonly compared: number;
  readonly differences: readonly string[];
  readonly unproven: Comparison["unproven"];
}

function compareSchemas(
  recorded: Fingerprint,
  restored: Fingerprint,
  wording: OtherWording | null,
): ComparedSchema {
  const [was, is] = [recorded.entries, restored.entries];
  if (was === undefined || is === undefined) return compareStatements(recorded, restored, wording);
  const wanted = was.filter((entry) => !isOfSubscription(entry));
  const before = new Map(
    wanted.map((entry) => [JSON.stringify([entry.type, entry.schema, entry.name]), entry]),
  );
  const after = new Map(
    is
      .filter((entry) => !isOfSubscription(entry))
      .map((entry) => [JSON.stringify([entry.type, entry.schema, entry.name]), entry]),
  );
  const found = pairs(before, after).flatMap(([, one, other]) => differenceOf(one, other, wording));
  const differences = found.flatMap(({ object, line }) => (object === null ? [line] : []));
  const worded = found.flatMap(({ object }) => (object === null ? [] : [object]));
  return {
    compared: wanted.filter(({ type }) => type !== "SESSION").length,
    differences,
    unproven: wording === null ? [] : unprovenWords(worded, wording),
  };
}

interface SchemaDifference {
  readonly line: string;
  /** What differs in its words alone; null: in more than those. */
  readonly object: string | null;
}

function differenceOf(
  was: ObjectFingerprint | undefined,
  is: ObjectFingerprint | undefined,
  wording: OtherWording | null,
): readonly SchemaDifference[] {
  const one = was ?? is;
  if (one === undefined || was?.sha256 === is?.sha256) return [];
  const object = describeObject(one);
  const end = was === undefined ? "was not recorded" : is === undefined ? "is missing" : "differs";
  const isExplained = wording !== null && (end === "differs" || wording.isDividedOtherwise);
  return [{ line: `${object} ${end}`, object: isExplained ? object : null }];
}

const mostNamed = 20;

function unprovenWords(objects: readonly string[], { reason }: OtherWording): Comparison["unproven"] {
  const named = objects.slice(0, mostNamed).map((object) => ({ object, reason }));
  const more = objects.length - named.length;
  return more === 0 ? named : [...named, { object: `${formatCount(more)} more schema objects`, reason }];
}

/** What is said of one is named after it; a table called "SUBSCRIPTION" begins the names of its constraints likewise. */
function isOfSubscription({ type, name }: { readonly type: string; readonly name: string }): boolean {
  const isAbout = type === "COMMENT" || type === "SECURITY LABEL";
  return type.startsWith("SUBSCRIPTION") || (isAbout && name.startsWith("SUBSCRIPTION "));
}

/** Settings at the top of every dump are no content. */
const settings = new Set(["SET", "SELECT"]);

function compareStatements(
  recorded: Fingerprint,
  restored: Fingerprint,
  wording: OtherWording | null,
): ComparedSchema {
  const before = new Map(
    Object.entries(recorded.objects).filter(([kind]) => !kind.endsWith(" SUBSCRIPTION")),
  );
  const after = new Map(Object.entries(restored.objects).filter(([kind]) => !kind.endsWith(" SUBSCRIPTION")));
  const counts = pairs(before, after).flatMap(([kind, was = 0, is = 0]) =>
    was === is ? [] : [`${kind}: ${formatCount(was)} recorded, ${formatCount(is)} restored`],
  );
  const isText = counts.length === 0 && recorded.schemaSha256 !== restored.schemaSha256;
  const compared = [...before].filter(([kind]) => !settings.has(kind)).reduce((sum, [, n]) => sum + n, 0);
  const differences = isText ? ["the schema's statements differ in their text"] : counts;
  if (wording === null || differences.length === 0) return { compared, differences, unproven: [] };
  return { compared, differences: [], unproven: [{ object: "the schema", reason: wording.reason }] };
}

function unprovenSubscriptions({ objects }: Fingerprint): Comparison["unproven"] {
  const count = objects["CREATE SUBSCRIPTION"] ?? 0;
  const reason = "never created for a proof: it would connect to its publisher";
  return count === 0 ? [] : [{ object: count === 1 ? "1 subscription" : `${count} subscriptions`, reason }];
}

/** Every key of either, those of the first in its order, with what each has of it. */
function pairs<T>(
  before: ReadonlyMap<string, T>,
  after: ReadonlyMap<string, T>,
): readonly (readonly [string, T | undefined, T | undefined])[] {
  const keys = [...before.keys(), ...[...after.keys()].filter((key) => !before.has(key))];
  return keys.map((key) => [key, before.get(key), after.get(key)]);
}

function isSameList(a: readonly string[], b: readonly string[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function hasSameColumns(a: TableFingerprint, b: TableFingerprint): boolean {
  return isSameList([...a.columns].sort(), [...b.columns].sort());
}
