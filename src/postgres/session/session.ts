import { Failure } from "../../domain/failure.ts";
import type { Child, ChildEnd } from "../../platform/child.ts";
import type { Clock } from "../../platform/clock.ts";
import { showerOf } from "../encodings.ts";
import { encodeLoose } from "../loose-text.ts";
import { lastWords } from "../reach/finished.ts";
import { createReplyReader, formatStatement, type Refusal, type Reply } from "./reply-reader.ts";

/** One login that lives in a psql of its own. Statements run one after the other. */
export interface Session {
  /** The server's process for this login. */
  readonly backendPid: number;
  /** Of its texts: the database's, unless the server converts them. */
  readonly encoding: string;
  /**
   * Rows of a query (one that can stand in `FROM (…)`) as JSON objects; 64-bit numbers must be cast to text.
   * Texts as people are shown them: what is no text in the database's encoding is escaped. Throws "postgres.query" with
   * context.sqlstate, "postgres.session-lost", or the abort's reason.
   */
  rows<Row>(sql: string): Promise<readonly Row[]>;
  /** The same with loose text (loose-text.ts), for names that go into further SQL. */
  rawRows<Row>(sql: string): Promise<readonly Row[]>;
  /** Runs one statement. What the server refuses is returned, since callers branch on its SQLSTATE. */
  attempt(sql: string): Promise<Refusal | null>;
  /** As attempt, but a refusal is thrown as "postgres.query". */
  execute(sql: string): Promise<void>;
  /** Ends the login; an open transaction is rolled back. May be called twice, and on a lost session. */
  close(): Promise<void>;
}

/** The part of a session that only the login itself uses. */
export interface RawSession {
  send(sql: string): Promise<Reply>;
  close(): Promise<void>;
  readonly ended: Promise<ChildEnd>;
}

export interface SessionOptions {
  /** For messages. */
  readonly database: string;
  readonly token: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** How long a psql may take to end after the end of its input. */
const closeGraceMs = 5000;

interface Waiting {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (reason: unknown) => void;
}

/** Speaks with a psql that was started with stdin and stdout as pipes. */
export function attachSession(child: Child, options: SessionOptions): RawSession {
  const reader = createReplyReader(options.token);
  const waiting: Waiting[] = [];
  let over: unknown = null;

  function giveUp(reason: unknown): void {
    over ??= reason;
    for (const one of waiting.splice(0)) one.reject(reason);
  }

  const onAbort = () => {
    giveUp(options.signal.reason);
    child.kill();
  };
  if (options.signal.aborted) onAbort();
  options.signal.addEventListener("abort", onAbort, { once: true });
  child.stdout?.on("data", (chunk: Buffer) => {
    for (const reply of reader.push(chunk)) waiting.shift()?.resolve(reply);
  });
  const ended = child.ended.then((end) => {
    options.signal.removeEventListener("abort", onAbort);
    giveUp(sessionLost(options.database, end));
    return end;
  });

  return {
    ended,
    send(sql) {
      if (over !== null) return Promise.reject(over);
      return new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
        child.stdin?.write(encodeLoose(formatStatement(sql, options.token)));
      });
    },
    async close() {
      // An idle psql ends by itself at the end of its input; one that waits for the server must be stopped.
      if (waiting.length > 0) child.kill();
      child.stdin?.end();
      const cancel = options.clock.after(closeGraceMs, () => child.kill());
      await ended;
      cancel();
    },
  };
}

/** Whom a raw session turned out to speak with. */
export interface Opened {
  readonly backendPid: number;
  readonly database: string;
  readonly encoding: string;
}

/** Gives a raw session, once logged in, its public face. */
export function openedSession(raw: RawSession, { backendPid, database, encoding }: Opened): Session {
  const show = showerOf(encoding);
  async function attempt(sql: string): Promise<Refusal | null> {
    const { refusal } = await raw.send(sql);
    return refusal && { ...refusal, message: show(refusal.message) };
  }
  async function lines(sql: string): Promise<readonly string[]> {
    const reply = await raw.send(`SELECT pg_catalog.row_to_json(q)::text FROM (${sql}\n) AS q`);
    if (!reply.refusal) return reply.lines;
    throw queryRefused(database, { ...reply.refusal, message: show(reply.refusal.message) });
  }
  const shown = (_key: string, value: unknown) => (typeof value === "string" ? show(value) : value);
  return {
    backendPid,
    encoding,
    attempt,
    close: () => raw.close(),
    async rows<Row>(sql: string) {
      return (await lines(sql)).map((line) => JSON.parse(line, shown) as Row); // the caller's SQL names the fields
    },
    async rawRows<Row>(sql: string) {
      return (await lines(sql)).map((line) => JSON.parse(line) as Row); // the caller's SQL names the fields
    },
    async execute(sql) {
      const refusal = await attempt(sql);
      if (refusal) throw queryRefused(database, refusal);
    },
  };
}

/** A refusal that no caller has a better code for. */
export function queryRefused(database: string, refusal: Refusal): Failure {
  return new Failure("postgres.query", `Cannot query "${database}": ${refusal.message}`, {
    hint: `See the server's log for SQLSTATE ${refusal.sqlstate}.`,
    context: { sqlstate: refusal.sqlstate, database },
  });
}

function sessionLost(database: string, end: ChildEnd): Failure {
  return new Failure("postgres.session-lost", `Cannot keep the session on "${database}": ${lastWords(end)}`, {
    hint: "Look into the server's log for why the connection ended; the next run tries again.",
    context: { database },
  });
}
