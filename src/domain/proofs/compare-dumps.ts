import {
  describeObject,
  describeTable,
  type Fingerprint,
  type LargeObjectFingerprint,
  type SequenceFingerprint,
  type TableFingerprint,
} from "../backups/fingerprint.ts";
import { type Comparison, formatCount } from "./comparison.ts";

/**
 * Compares what was recorded of a dump with what the restored database dumps back: rows by the recorded column
 * lists, sequences, large objects, and the schema by its objects (of backups that do not list them, by the
 * number of statements of each kind and its whole text). Subscriptions are never restored, so never compared.
 */
export function compareDumps(recorded: Fingerprint, restored: Fingerprint): Comparison {
  const tables = compareTables(recorded.tables, restored.tables);
  const schema = compareSchemas(recorded, restored);
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
    unproven: unprovenSubscriptions(recorded),
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
}

function compareSchemas(recorded: Fingerprint, restored: Fingerprint): ComparedSchema {
  const [was, is] = [recorded.entries, restored.entries];
  if (was === undefined || is === undefined) return compareStatements(recorded, restored);
  const wanted = was.filter((entry) => !isOfSubscription(entry));
  const before = new Map(
    wanted.map((entry) => [JSON.stringify([entry.type, entry.schema, entry.name]), entry]),
  );
  const after = new Map(
    is
      .filter((entry) => !isOfSubscription(entry))
      .map((entry) => [JSON.stringify([entry.type, entry.schema, entry.name]), entry]),
  );
  const differences = pairs(before, after).flatMap(([, one, other]) => {
    if (one === undefined) return other === undefined ? [] : [`${describeObject(other)} was not recorded`];
    if (other === undefined) return [`${describeObject(one)} is missing`];
    return one.sha256 === other.sha256 ? [] : [`${describeObject(one)} differs`];
  });
  return { compared: wanted.filter(({ type }) => type !== "SESSION").length, differences };
}

/** What is said of one is named after it; a table called "SUBSCRIPTION" begins the names of its constraints likewise. */
function isOfSubscription({ type, name }: { readonly type: string; readonly name: string }): boolean {
  const isAbout = type === "COMMENT" || type === "SECURITY LABEL";
  return type.startsWith("SUBSCRIPTION") || (isAbout && name.startsWith("SUBSCRIPTION "));
}

/** Settings at the top of every dump are no content. */
const settings = new Set(["SET", "SELECT"]);

function compareStatements(recorded: Fingerprint, restored: Fingerprint): ComparedSchema {
  const before = new Map(
    Object.entries(recorded.objects).filter(([kind]) => !kind.endsWith(" SUBSCRIPTION")),
  );
  const after = new Map(Object.entries(restored.objects).filter(([kind]) => !kind.endsWith(" SUBSCRIPTION")));
  const counts = pairs(before, after).flatMap(([kind, was = 0, is = 0]) =>
    was === is ? [] : [`${kind}: ${formatCount(was)} recorded, ${formatCount(is)} restored`],
  );
  const isText = counts.length === 0 && recorded.schemaSha256 !== restored.schemaSha256;
  const compared = [...before].filter(([kind]) => !settings.has(kind)).reduce((sum, [, n]) => sum + n, 0);
  return { compared, differences: isText ? ["the schema's statements differ in their text"] : counts };
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
