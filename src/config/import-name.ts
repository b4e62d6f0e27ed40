/** A date's format, as `date` prints it, and the placeholder that prints the same or nearly so. */
const dates: readonly (readonly [RegExp, string])[] = [
  [/\$\(date (-u )?["']?\+["']?%F["']?\)|\$\(date (-u )?["']?\+["']?%Y-%m-%d["']?\)/g, "{date}"],
  [/\$\(date [^)]*\)|`date [^`]*`/g, "{timestamp}"],
];

/**
 * The name template of a file like "db_$(date +%F).sql.gz"; one without a date gets one, since no backup
 * overwrites another. Null for what cannot be a name.
 */
export function templateOf(file: string, suffixes: readonly string[]): string | null {
  const dated = dates.reduce((text, [pattern, placeholder]) => text.replace(pattern, placeholder), file);
  let base = dated.replaceAll(/["']/g, "");
  while (suffixes.includes(base.slice(base.lastIndexOf(".") + 1)) && base.includes("."))
    base = base.slice(0, base.lastIndexOf("."));
  if (!/^[A-Za-z0-9][\w.{}-]*$/.test(base)) return null;
  return base.includes("{") ? base : `${base}_{date}`;
}

/** A name that such a file could have: what a clean-up's pattern is held against. */
export function exampleOf(file: string): string {
  return file
    .replace(/\$\(date [^)]*%(F|Y-%m-%d)[^)]*\)|`date [^`]*%(F|Y-%m-%d)[^`]*`/g, "2026-11-23")
    .replace(/\$\(date [^)]*\)|`date [^`]*`/g, "20261123")
    .replaceAll(/["']/g, "");
}

/** True for a name without a date, or one whose date comes round again, such as a weekday's. */
export function overwritesOlder(file: string): boolean {
  return !/(\$\(|`)date [^)`]*%[FYyGgsDcx]/.test(file);
}

/** As find's -name: "*", "?" and "[…]"; a pattern that is none fits nothing. */
export function isNamedLike(pattern: string, file: string): boolean {
  const source = pattern.replace(/\*|\?|\[!?[^\]]+\]|./gs, (part) => {
    if (part === "*") return ".*";
    if (part === "?") return ".";
    if (part.length > 1) return part.replace(/^\[!/, "[^").replaceAll("\\", "\\\\");
    return part.replace(/[^\w]/, "\\$&");
  });
  try {
    return new RegExp(`^${source}$`).test(file);
  } catch {
    return false; // such as "[z-a]"
  }
}
