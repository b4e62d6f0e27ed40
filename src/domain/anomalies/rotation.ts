/**
 * What is gone and did not leave by rotation. Partitions of days and months are dropped at their old end, night
 * after night: of names that differ in their numbers only, at least three, the lowest may go while half of them stay.
 */
export function withoutRotated(gone: readonly string[], known: readonly string[]): readonly string[] {
  const families = Map.groupBy(known, familyOf);
  return [...Map.groupBy(gone, familyOf)].flatMap(([family, missing]) =>
    isRotation(missing, families.get(family) ?? []) ? [] : missing,
  );
}

function isRotation(missing: readonly string[], family: readonly string[]): boolean {
  if (family.length < 3 || missing.length * 2 > family.length) return false;
  const oldest = new Set(family.toSorted(inOrder).slice(0, missing.length));
  return missing.every((name) => oldest.has(name));
}

function familyOf(name: string): string {
  return name.replaceAll(/\d+/g, "#");
}

function inOrder(one: string, other: string): number {
  return one.localeCompare(other, "en", { numeric: true });
}
