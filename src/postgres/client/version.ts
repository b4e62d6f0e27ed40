/** A client program's version, "pg_dump (PostgreSQL) 15.20 (Debian …)". */
export interface ClientVersion {
  /** As messages show it: "15.20". */
  readonly text: string;
  readonly major: number;
  readonly minor: number;
}

/** Reads what `--version` prints; null when it is no PostgreSQL program's. */
export function parseClientVersion(output: string): ClientVersion | null {
  const found = /\(PostgreSQL\) ((\d+)(?:\.(\d+))?\w*)/.exec(output);
  if (!found) return null;
  const [, text = "", major = "", minor = "0"] = found;
  return { text, major: Number(major), minor: Number(minor) };
}

/** The major of `server_version_num`. */
export function majorOf(versionNum: number): number {
  return Math.floor(versionNum / 10_000);
}

/** Whether this psql knows `\restrict`, which dumps carry since August 2025 (F28). */
export function knowsRestrict(client: ClientVersion): boolean {
  const since: Readonly<Record<number, number>> = { 13: 22, 14: 19, 15: 14, 16: 10, 17: 6 };
  return client.major >= 13 && client.minor >= (since[client.major] ?? 0);
}

/**
 * Whether this pg_dump loads hash partitions on an enum through their root, so that several COPY blocks
 * bear the root's name. Since 16; fixed into the older branches in May 2023.
 */
export function loadsEnumHashViaRoot(client: ClientVersion): boolean {
  const fixedIn: Readonly<Record<number, number>> = { 11: 20, 12: 15, 13: 11, 14: 8, 15: 3 };
  return client.minor >= (fixedIn[client.major] ?? 0) && client.major >= 11;
}
