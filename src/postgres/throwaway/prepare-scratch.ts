import type { Unproven } from "../postgres.ts";
import { onMaintenance } from "../restore/maintenance.ts";
import { tablespacesOf } from "../restore/roles.ts";
import type { ServerContext } from "../server.ts";
import type { Session } from "../session/session.ts";
import { quoteLiteral, quoteName } from "../sql/literal.ts";
import { applyAll } from "./apply-all.ts";
import { makeMissingRoles, missingOf } from "./missing-roles.ts";
import { scratchNote } from "./scratch-names.ts";
import type { RestoreNeeds } from "./throwaway-host.ts";

export interface ScratchNeeds extends RestoreNeeds {
  readonly token: string;
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
    const note = scratchNote(needs.token);
    await makeMissingRoles(session, { roles: needs.roles, superusers: [], note });
    await makeTablespaces(session, needs);
  });
  const why =
    needs.globals === null ? "the backup has none" : "never applied to a server that somebody else runs";
  const reason = `${why}; only missing roles were made, without any right`;
  return [{ object: "roles, their passwords and memberships", reason }];
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
