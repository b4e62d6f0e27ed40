import { Failure, type FailureReport, reportOf } from "../domain/failure.ts";
import { instant } from "../domain/instant.ts";
import type { DatabaseExamination } from "./postgres.ts";
import type { ServerContext } from "./server.ts";
import { logIn } from "./session/login.ts";
import type { Session } from "./session/session.ts";
import { checkPrivileges } from "./snapshot/privileges.ts";
import {
  type ExaminationRow,
  examinationSql,
  type MissingLibraryRow,
  missingExtensionsSql,
  missingLibrariesSql,
} from "./sql/examination.ts";

/** See PostgresServer.examine. */
export async function examineDatabase(
  context: ServerContext,
  database: string,
): Promise<DatabaseExamination> {
  const { access, facts, signal } = context;
  const session = await logIn(access, { database, purpose: "query", signal });
  try {
    const denied = await privilegesDenied(session, { ...context, database });
    const [row] = await session.rows<ExaminationRow>(examinationSql);
    if (!row) throw new Failure("postgres.query", `Cannot examine "${database}": the server returned no row`);
    const librariesSql = facts.isSuperuser ? missingLibrariesSql : missingExtensionsSql;
    return {
      denied,
      missingLibraries: await session.rows<MissingLibraryRow>(librariesSql),
      statementTimeout: row.statementTimeout,
      serverNow: instant(Number(row.now)),
      dataDirectory: row.dataDirectory,
      sizeBytes: Number(row.sizeBytes),
      superuser: row.superuser,
    };
  } finally {
    await session.close();
  }
}

async function privilegesDenied(
  session: Session,
  { database, role, facts }: Pick<ServerContext, "database" | "role" | "facts">,
): Promise<readonly FailureReport[]> {
  try {
    await checkPrivileges({ session, database, role, serverVersionNum: facts.versionNum });
    return [];
  } catch (error) {
    const isDenial =
      error instanceof Failure && ["postgres.permission", "postgres.row-security"].includes(error.code);
    if (!isDenial) throw error;
    return [reportOf(error)];
  }
}
