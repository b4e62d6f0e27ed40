import { asFailure, Failure } from "../../domain/failure.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Log } from "../../platform/log.ts";
import type { Session } from "../session/session.ts";
import { type BlockedRow, blockedDdlSql } from "../sql/blocked-ddl.ts";

export interface WatchTask {
  readonly database: string;
  readonly labelPrefix: string;
  /** The session that holds the snapshot; a statement on it shows whether it still lives. */
  readonly holder: Session;
  /** A login of its own, since the holder is inside its transaction. The watcher closes it. */
  readonly eye: Session;
  /** Logs in anew when the eye is lost: a dump of many hours must not go on unwatched. */
  readonly openEye: () => Promise<Session>;
  readonly onBlockedDdl: "wait" | "abort";
  readonly clock: Clock;
  readonly log: Log;
}

export interface Watcher {
  /** One line for each session that was seen waiting behind us. */
  blockedDdl(): readonly string[];
  /**
   * Rejects when the holder is lost, on the first waiter with "abort", and with "wait" too when pg_dump waits
   * behind the waiter: a standstill that the server's deadlock check cannot see. Never resolves.
   */
  readonly broken: Promise<never>;
  /** Stops sampling and closes the eye; the holder stays open. May be called twice. Resolves when no sample is under way. */
  stop(): Promise<void>;
}

const samplePauseMs = 2000;
/** A server that lets nobody in is not asked with every sample. */
const reopenPauseMs = 30_000;

/**
 * A dump holds ACCESS SHARE to its end: somebody's ALTER TABLE queues behind it, and then the whole
 * application behind that. Samples for such waiters every two seconds.
 */
export function startWatcher(task: WatchTask): Watcher {
  const seen = new Map<string, string>();
  let stopped = false;
  let cancel = () => {};
  let sampling: Promise<void> = Promise.resolve();
  const sight = createSight(task);
  const { promise: broken, reject } = Promise.withResolvers<never>();
  broken.catch(() => {}); // it is raced against the dump; nobody may be listening yet

  async function sample(): Promise<void> {
    try {
      await task.holder.execute("SELECT 1");
    } catch (error) {
      reject(asFailure(error, "postgres.session-lost", `Cannot keep the snapshot of "${task.database}"`));
      return;
    }
    const waiting = stopped ? [] : await sight.look();
    note(waiting);
    if (!stopped) plan();
  }

  function note(rows: readonly BlockedRow[]): void {
    for (const row of rows) seen.set(`${row.pid} ${row.startedAt}`, describeBlocked(row));
    if (rows.length > 0) {
      // Names only for whoever watches with -v: the dump may be meant to be encrypted.
      task.log.warn({ waiting: rows.length }, "DDL waits behind the dump");
      task.log.debug({ waiting: rows.map(describeBlocked) }, "what waits behind the dump");
    }
    const stuck = rows.find((row) => row.isDeadlock);
    const [first] = rows;
    if (stuck) reject(standstill(task.database, stuck));
    else if (first && task.onBlockedDdl === "abort") reject(ddlBlocked(task.database, first));
  }

  function plan(): void {
    cancel = task.clock.after(samplePauseMs, () => {
      sampling = sample();
    });
  }

  plan();
  return {
    blockedDdl: () => [...seen.values()],
    broken,
    async stop() {
      stopped = true;
      cancel();
      await sampling;
      await sight.close();
    },
  };
}

interface Sight {
  /** Who waits behind us; nobody while the eye is lost. Never throws: the dump itself is not harmed by that. */
  look(): Promise<readonly BlockedRow[]>;
  close(): Promise<void>;
}

function createSight(task: WatchTask): Sight {
  let eye: Session | null = task.eye;
  let reopenAtMs = 0;
  return {
    async look() {
      if (eye === null && task.clock.monotonicMs() < reopenAtMs) return [];
      try {
        eye ??= await task.openEye();
        return await eye.rows<BlockedRow>(blockedDdlSql(task.labelPrefix));
      } catch (error) {
        task.log.warn({ error: String(error) }, "waiting DDL is not watched for a while");
        reopenAtMs = task.clock.monotonicMs() + reopenPauseMs;
        await eye?.close();
        eye = null;
        return [];
      }
    },
    close: async () => eye?.close(),
  };
}

/** `app (process 123) waits 3 s for public.t: ALTER TABLE …` */
function describeBlocked(row: BlockedRow): string {
  const who = `${row.role ?? "somebody"} (process ${row.pid})`;
  const what = row.table === null ? "" : ` for ${row.table}`;
  const query = row.query ? `: ${row.query}` : "";
  return `${who} waits ${Math.floor(row.waitedMs / 1000)} s${what}${query}`;
}

/** The waiter waits for the snapshot's locks, pg_dump for the waiter, and the snapshot for pg_dump. */
function standstill(database: string, row: BlockedRow): Failure {
  return new Failure(
    "postgres.ddl-blocked",
    `Cannot start the dump of "${database}": pg_dump waits behind ${describeBlocked(row)}`,
    { hint: "Run it again: the DDL goes ahead as soon as this run has let go." },
  );
}

function ddlBlocked(database: string, row: BlockedRow): Failure {
  return new Failure(
    "postgres.ddl-blocked",
    `Cannot go on with the dump of "${database}": ${describeBlocked(row)}`,
    { hint: 'Run the backup at a quieter time, or set onBlockedDdl: "wait".' },
  );
}
