import type { ServerContext } from "../server.ts";
import { logIn } from "../session/login.ts";
import type { Session } from "../session/session.ts";
import { quoteLiteral } from "../sql/literal.ts";

/** Half of the advisory locks' key; any number that others are unlikely to use. */
const lockClass = 0x0c0dec;

/**
 * A session that holds the lock of one proof on a server that others share: while it lives, so does the proof. It ends
 * with our process, whatever ended that. Null when another session holds the lock.
 */
export async function guardScratch(context: ServerContext, token: string): Promise<Session | null> {
  const { access, database, signal } = context;
  const session = await logIn(access, { database, purpose: "lock", signal });
  let isHeld = false;
  try {
    const [row] = await session.rows<{ readonly held: boolean }>(
      `SELECT pg_try_advisory_lock(${lockClass}, hashtext(${quoteLiteral(token)})) AS held`,
    );
    isHeld = row?.held === true;
    return isHeld ? session : null;
  } finally {
    if (!isHeld) await session.close();
  }
}
