/** What a `pg_restore --verbose` said that wrote into a server by itself. */
export interface RestoreMessages {
  readonly error: string | null;
  /** The server's, and its own. */
  readonly warnings: readonly string[];
  /** False when only the end of it is known. */
  readonly isFromStart: boolean;
}

/** What it says before all else. */
const first = "pg_restore: connecting to database for restore";

/** Its words are English under LC_ALL=C, and the server's where it has lc_messages = C. */
export function parseRestoreMessages(stderr: string): RestoreMessages {
  const said = [...stderr.matchAll(/^pg_restore: (error|fatal|warning|[A-Z]+):\s+(.*)$/gm)];
  const isError = (level = "") => /^(error|fatal|ERROR|FATAL|PANIC)$/.test(level);
  const texts = (areErrors: boolean) =>
    said.flatMap(([, level, text = ""]) => (isError(level) === areErrors ? [text] : []));
  return {
    error: texts(true).at(0) ?? null,
    warnings: texts(false),
    isFromStart: stderr.startsWith(first),
  };
}
