import type { Unproven } from "../postgres.ts";
import { onMaintenance } from "../restore/maintenance.ts";
import { tablespacesOf } from "../restore/roles.ts";
import type { ServerContext } from "../server.ts";
import type { Session } from "../session/session.ts";
import { quoteLiteral, quoteName } from "../sql/literal.ts";
import { applyAll } from "./restore-for-proof.ts";
import { scratchNote } from "./scratch-names.ts";

export interface ScratchNeeds {
  readonly token: string;
  /** Roles that own something in the dump, or have grants. */
  readonly roles: readonly string[];
  readonly globals: Buffer | null;
  readonly signal: AbortSignal;
}

/**
 * Makes what the dump takes for granted and a server that somebody else runs lacks: roles without any right, and
 * tablespaces inside its data directory. The globals themselves are never applied there: ALTER ROLE … PASSWORD would
 * overwrite theirs (PROOF 4.2). All of it is marked, and dropped with the database.
 */
export async function prepareScratch(
  context: ServerContext,
  needs: ScratchNeeds,
): Promise<readonly Unproven[]> {
  await onMaintenance(context, needs.signal, async (session) => {
    await makeRoles(session, needs);
    await makeTablespaces(session, needs);
  });
  if (needs.globals === null) return [];
  const reason =
    "never applied to a server that somebody else runs; only missing roles were made, without any right";
  return [{ object: "roles, their passwords and memberships", reason }];
}

/** In one transaction with their marks: a role of ours is never without. */
async function makeRoles(session: Session, { roles, token }: ScratchNeeds): Promise<void> {
  const missing = await missingOf(session, roles, "SELECT rolname AS name FROM pg_roles");
  if (missing.length === 0) return;
  const note = quoteLiteral(scratchNote(token));
  const statements = missing.flatMap((role) => [
    `CREATE ROLE ${quoteName(role)} NOLOGIN`,
    `COMMENT ON ROLE ${quoteName(role)} IS ${note}`,
  ]);
  await applyAll(session, ["BEGIN", ...statements, "COMMIT"], "the roles that the dump names");
}

async function makeTablespaces(session: Session, { globals, token }: ScratchNeeds): Promise<void> {
  const wanted = globals === null ? [] : tablespacesOf(globals);
  const missing = await missingOf(session, wanted, "SELECT spcname AS name FROM pg_tablespace");
  if (missing.length === 0) return;
  const note = quoteLiteral(scratchNote(token));
  const statements = missing.flatMap((name) => [
    `CREATE TABLESPACE ${quoteName(name)} LOCATION ''`,
    `COMMENT ON TABLESPACE ${quoteName(name)} IS ${note}`,
  ]);
  await applyAll(
    session,
    ["SET allow_in_place_tablespaces = on", ...statements],
    "the tablespaces of the dump",
  );
}

async function missingOf(
  session: Session,
  wanted: readonly string[],
  listing: string,
): Promise<readonly string[]> {
  if (wanted.length === 0) return [];
  const there = new Set((await session.rows<{ readonly name: string }>(listing)).map((row) => row.name));
  return wanted.filter((name) => !there.has(name));
}
