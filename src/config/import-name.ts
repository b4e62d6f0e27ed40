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
