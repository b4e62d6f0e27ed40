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

/** Whether a name is one that restoringName makes for the database. */
export function isRestoringName(name: string, database: string): boolean {
  return /_restoring_[a-z0-9]{6}$/.test(name) && restoringName(database, name.slice(-6)) === name;
}
