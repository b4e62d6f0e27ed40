const identifier = '(?:"(?:[^"]|"")+"|[a-z_][a-z0-9_$]*)';
const statement = /^(?:ALTER|GRANT|REVOKE|CREATE POLICY) .*$/gm;
const mention = new RegExp(` (?:TO|FROM|FOR ROLE) (${identifier}(?:, ${identifier})*)`, "g");
const single = new RegExp(identifier, "g");

/** What stands where a role may stand, and is none. */
const noRoles = new Set(["public", "current_user", "current_role", "session_user"]);

/**
 * Names that whole lines of a dump give to owners, or grant to. It looks at lines and not at statements, so that it finds some
 * that are no roles: for a throwaway server a role too many does no harm, and one that is missing ends the restore.
 */
export function rolesNamedIn(lines: string): readonly string[] {
  const found = [...lines.matchAll(statement)].flatMap(([line]) =>
    [...line.matchAll(mention)].flatMap(([, names = ""]) => names.match(single) ?? []),
  );
  const names = found.map((name) => (name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name));
  return [...new Set(names)].filter((name) => !noRoles.has(name) && !name.startsWith("pg_"));
}

/** Statements that make the roles; as superusers, since who owns an event trigger must be one. For a server of our own alone. */
export function createRoles(names: readonly string[]): string {
  return names.map((name) => `CREATE ROLE "${name.replaceAll('"', '""')}" SUPERUSER;\n`).join("");
}
