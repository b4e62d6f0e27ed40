const databasePrefix = "codex_proof_";
const notePrefix = "made for a proof by codex-backup: ";

/** The name of a proof's database on a server that somebody else runs. */
export function scratchDatabase(token: string): string {
  return `${databasePrefix}${token}`;
}

/** Null for a database that no proof made. */
export function tokenOfDatabase(name: string): string | null {
  return /^codex_proof_([a-z0-9]{20})$/.exec(name)?.[1] ?? null;
}

/** The comment of a role or tablespace that was made for a proof, so that it is known for what it is. */
export function scratchNote(token: string): string {
  return `${notePrefix}${token}`;
}

/** Null for any other comment. */
export function tokenOfNote(comment: string): string | null {
  const token = comment.startsWith(notePrefix) ? comment.slice(notePrefix.length) : "";
  return /^[a-z0-9]{20}$/.test(token) ? token : null;
}
