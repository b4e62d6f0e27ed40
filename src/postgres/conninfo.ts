/** libpq settings by keyword, in the order in which they are written. */
export type Conninfo = Readonly<Record<string, string>>;

/**
 * A connection string in keyword form, every value quoted. Sent whole as `--dbname`, it is the one way in
 * which any database name works: a bare name with "=" or "postgres://" would be taken for a connection string.
 */
export function formatConninfo(settings: Conninfo): string {
  return Object.entries(settings)
    .map(([keyword, value]) => `${keyword}='${value.replace(/[\\']/g, "\\$&")}'`)
    .join(" ");
}

/** Server settings as libpq's `options` takes them: `-c name=value …`. */
export function formatServerOptions(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${value.replace(/[\\\s]/g, "\\$&")}`)
    .join(" ");
}
