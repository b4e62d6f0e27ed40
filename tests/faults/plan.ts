/** One call to be broken: the n-th of those that are called so. */
export interface Planned<Kind extends string> {
  readonly kind: Kind;
  readonly name: string;
  /** From 1. */
  readonly nth: number;
}

/** What can happen, and to which calls. */
export type Kinds<Kind extends string> = readonly (readonly [Kind, RegExp])[];

/** "publish codexdb_20261123T010000Z.sql" as each run calls it: "publish codexdb_#.sql". */
export function nameOfCall(call: string): string {
  return call.replaceAll(/\d{6,}[0-9TZ]*/g, "#").replaceAll(/(proof-#-?)\w*/g, "$1*");
}

/** Where we can die in the middle: between which two calls decides everything. */
const deadly: readonly string[] = ["kill", "crash"];

/**
 * Of a run in which nothing was broken: every n-th call for each kind, beginning at another place for each. Every kind
 * that can happen strikes at least once, every name of a call is struck at least once, and the deadly ones strike each
 * name, whatever the stride. Of a sample only the first of these three holds.
 */
export function planStrikes<Kind extends string>(
  trace: readonly string[],
  kinds: Kinds<Kind>,
  { stride, isSampled }: { readonly stride: number; readonly isSampled: boolean },
): readonly Planned<Kind>[] {
  const all = kinds.map(([kind, among]) => numbered(trace, among).map((call) => ({ kind, ...call })));
  const chosen = all.flatMap((calls, offset) => {
    const isDeadly = calls.some(({ kind }) => deadly.includes(kind));
    return isDeadly && !isSampled ? calls.filter(({ nth }) => nth === 1) : everyNth(calls, stride, offset);
  });
  if (isSampled) return chosen;
  const struck = new Set(chosen.map(({ name }) => name));
  const left = Map.groupBy(
    all.flat().filter(({ name }) => !struck.has(name)),
    ({ name }) => name,
  );
  return [...chosen, ...[...left.values()].flatMap((calls) => calls.slice(0, 1))];
}

function numbered(trace: readonly string[], among: RegExp) {
  const counts = new Map<string, number>();
  return trace
    .filter((call) => among.test(call))
    .map(nameOfCall)
    .map((name) => {
      const nth = (counts.get(name) ?? 0) + 1;
      counts.set(name, nth);
      return { name, nth };
    });
}

function everyNth<T>(calls: readonly T[], stride: number, offset: number): readonly T[] {
  const found = calls.filter((_, index) => index % stride === offset % stride);
  return found.length > 0 ? found : calls.slice(0, 1);
}
