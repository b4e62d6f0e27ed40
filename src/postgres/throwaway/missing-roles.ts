import type { Session } from "../session/session.ts";
import { quoteLiteral, quoteName } from "../sql/literal.ts";
import { applyAll } from "./apply-all.ts";

/** How roles are made that nobody described. */
export interface MissingRoles {
  readonly roles: readonly string[];
  /** Which of them are made superusers. None of all can log in. */
  readonly superusers: readonly string[];
  /** A comment that is made in the same transaction; null: none. */
  readonly note: string | null;
}

/** Makes the roles that are missing. */
export async function makeMissingRoles(
  session: Session,
  { roles, superusers, note }: MissingRoles,
): Promise<void> {
  const missing = await missingOf(session, roles, "SELECT rolname AS name FROM pg_roles");
  if (missing.length === 0) return;
  const statements = missing.flatMap((role) => [
    `CREATE ROLE ${quoteName(role)} NOLOGIN${superusers.includes(role) ? " SUPERUSER" : ""}`,
    ...(note === null ? [] : [`COMMENT ON ROLE ${quoteName(role)} IS ${quoteLiteral(note)}`]),
  ]);
  await applyAll(session, ["BEGIN", ...statements, "COMMIT"], "the roles that the dump names");
}

/** Those that a listing of names does not have. */
export async function missingOf(
  session: Session,
  wanted: readonly string[],
  listing: string,
): Promise<readonly string[]> {
  if (wanted.length === 0) return [];
  const there = new Set((await session.rawRows<{ readonly name: string }>(listing)).map((row) => row.name));
  return wanted.filter((name) => !there.has(name));
}
