import type { Instant } from "../instant.ts";
import { formatTimestamp, parseTimestamp } from "../timestamp.ts";

/** A database's name with something added, cut to the 63 bytes that PostgreSQL keeps of a name. */
export function nameBeside(database: string, suffix: string): string {
  const characters = [...database];
  while (Buffer.byteLength(characters.join("") + suffix) > 63) characters.pop();
  return characters.join("") + suffix;
}

/**
 * What a database is called while it is restored, so that nothing half-restored ever bears its name. The token: six
 * lower-case letters and digits.
 */
export function restoringName(database: string, token: string): string {
  return nameBeside(database, `_restoring_${token}`);
}

/** What a replaced database is called afterwards. */
export function keptName(database: string, at: Instant): string {
  return nameBeside(database, `_before_${formatTimestamp(at)}`);
}

/** When a database was replaced, of a name that keptName made; null for any other name. */
export function replacedAt(name: string): Instant | null {
  const timestamp = /^.+_before_(\d{8}T\d{6}Z)$/su.exec(name)?.[1];
  return timestamp === undefined ? null : parseTimestamp(timestamp);
}

/** Whether a name is one that keptName makes for the database. */
export function isKeptName(name: string, database: string): boolean {
  const at = replacedAt(name);
  return at !== null && keptName(database, at) === name;
}

/** Whether a name is one that restoringName makes for the database. */
export function isRestoringName(name: string, database: string): boolean {
  return /_restoring_[a-z0-9]{6}$/.test(name) && restoringName(database, name.slice(-6)) === name;
}
