import { takes } from "../encodings.ts";
import type { ServerContext } from "../server.ts";
import { logIn } from "../session/login.ts";
import type { Session } from "../session/session.ts";
import { onMaintenance } from "./maintenance.ts";
import { encodingOf, fitStatement } from "./statements.ts";

export interface Script {
  /** The whole of it, for the encoding that it names; null: there is none, and no statement. */
  readonly script: Buffer | null;
  /** What is to be run of it, as loose text. */
  readonly statements: readonly string[];
  /** Restored, or being restored. */
  readonly database: string;
  readonly signal: AbortSignal;
}

/**
 * Runs statements about roles and databases where their bytes pass as they are, for that is what names of roles are: in
 * the database that was named to connect(), or else in the restored one, which has the encoding of the old one. Where
 * neither takes them, letters are kept in place of bytes.
 */
export async function runScript(
  context: ServerContext,
  { script, statements, database, signal }: Script,
  run: (session: Session, statements: readonly string[]) => Promise<void>,
): Promise<void> {
  const isTaken = (encoding: string) => statements.every((statement) => takes(encoding, statement));
  if (!isTaken(context.encoding)) {
    const session = await logIn(context.access, { database, purpose: "restore", signal });
    try {
      if (isTaken(session.encoding)) return await run(session, statements);
    } finally {
      await session.close();
    }
  }
  const from = script === null ? "UTF8" : encodingOf(script);
  const fitted = statements.map((statement) =>
    fitStatement(statement, { script: from, server: context.encoding }),
  );
  await onMaintenance(context, signal, (session) => run(session, fitted));
}
