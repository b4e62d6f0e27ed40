import { sleep } from "../platform/clock.ts";
import type { Access } from "./access.ts";
import { underDeadline } from "./deadline.ts";
import { applicationName, labelPrefix, type Purpose } from "./label.ts";
import { logIn } from "./session/login.ts";
import type { Session } from "./session/session.ts";
import { quoteLiteral } from "./sql/literal.ts";

export interface TerminateRequest {
  /** Where to log in for it; the backends may be in any database. */
  readonly database: string;
  /** Null: every connection of the label. */
  readonly purposes: readonly Purpose[] | null;
}

const tries = 50;
const pauseMs = 100;
const deadlineMs = 20_000;

/**
 * Ends server processes of ours by application_name, through a login of its own: killing `docker exec` or
 * ssh leaves the program there running, and a killed program its backend. Never throws; true when none is left.
 * Not bound to the run's signal: it is what happens after that was raised.
 */
export async function terminateBackends(access: Access, request: TerminateRequest): Promise<boolean> {
  const { clock, log } = access.deps;
  try {
    return await underDeadline(clock, deadlineMs, async (signal) => {
      const session = await logIn(access, { database: request.database, purpose: "end", signal });
      try {
        return await endAll(session, whereOurs(access, request), () => sleep(clock, pauseMs, signal));
      } finally {
        await session.close();
      }
    });
  } catch (error) {
    log.warn({ error: String(error) }, "leftover connections could not be ended");
    return false;
  }
}

function whereOurs(access: Access, request: TerminateRequest): string {
  if (request.purposes !== null) {
    const names = request.purposes.map((purpose) => quoteLiteral(applicationName(access.label, purpose)));
    return `application_name IN (${names.join(", ")})`;
  }
  const prefix = labelPrefix(access.label);
  return `left(application_name, ${prefix.length}) = ${quoteLiteral(prefix)}`;
}

async function endAll(session: Session, condition: string, pause: () => Promise<void>): Promise<boolean> {
  for (let attempt = 0; attempt < tries; attempt++) {
    const left = await session.rows<{ readonly pid: number }>(
      `SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE ${condition} AND pid <> pg_backend_pid()`,
    );
    if (left.length === 0) return true;
    await pause();
  }
  return false;
}
