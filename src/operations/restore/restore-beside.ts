import type { RestoreCheck } from "../../domain/backups/restore-report.ts";
import { keptName, restoringName } from "../../domain/backups/restoring-name.ts";
import { Failure } from "../../domain/failure.ts";
import type { DumpCut } from "../../domain/restores/table-choice.ts";
import type { PostgresServer, RestoreReport } from "../../postgres/postgres.ts";
import type { Context } from "../context.ts";
import { withArchiveFile } from "./archive-file.ts";
import { checkRestored } from "./check-restored.ts";
import { progressOf } from "./progress.ts";
import type { DatabaseRestore } from "./restore-database.ts";

export interface RestoredBeside {
  readonly report: RestoreReport;
  readonly check: RestoreCheck;
  /** Where the replaced database went; null when none was replaced. */
  readonly oldDatabase: string | null;
}

/** Restores under a name of its own, checks what came of it, and only then gives it the name that was asked for. */
export async function restoreBeside(
  context: Context,
  server: PostgresServer,
  { request, cut }: { readonly request: DatabaseRestore; readonly cut: DumpCut | null },
): Promise<RestoredBeside> {
  const { to } = request;
  const isSwap = request.overwrite !== null && (await server.listDatabases()).includes(to);
  const database = restoringName(to, context.randomToken(6));
  const told = await restoreInto(context, server, { request, cut, database }).catch((error: unknown) => {
    throw inAskedName(error, database, to);
  });
  const report = { ...told, warnings: told.warnings.map((line) => line.replaceAll(database, to)) };
  const onProgress = progressOf(context, request, "verify");
  const check = await checkRestored(server, request, {
    database,
    cut,
    encoding: report.encoding,
    onProgress,
  }).catch(async (error: unknown) => {
    await dropAgain(context, server, database);
    throw error;
  });
  if (!isSwap) {
    await server.restore.name({ database: to, restored: database });
    return { report, check, oldDatabase: null };
  }
  const oldDatabase = keptName(to, context.clock.now());
  await server.restore.swap({ database: to, restored: database, keepAs: oldDatabase });
  return { report, check, oldDatabase };
}

/** Nobody knows the name that it has for the time being; what is left to be dropped by it stands in the hint. */
function inAskedName(error: unknown, database: string, to: string): unknown {
  if (!(error instanceof Failure) || !error.message.includes(database)) return error;
  const { code, hint, context, cause } = error;
  const message = error.message.replaceAll(database, to);
  return new Failure(code, message, { ...(hint === null ? {} : { hint }), context, cause });
}

interface Into {
  readonly request: DatabaseRestore;
  readonly cut: DumpCut | null;
  readonly database: string;
}

async function restoreInto(
  context: Context,
  server: PostgresServer,
  { request, cut, database }: Into,
): Promise<RestoreReport> {
  const { dump, jobs, roleMap, signal } = request;
  const wanted = {
    database,
    format: dump.format,
    openDump: dump.openDump,
    expected: dump.expected,
    header: dump.header,
    globals: request.roles === "none" ? null : dump.globals,
    roles: request.roles,
    withoutOwners: request.withoutOwners,
    ...(roleMap === undefined ? {} : { roleMap }),
    ...(cut === null ? {} : { cut: cut.kept }),
    signal,
    onProgress: progressOf(context, request, "restore"),
  };
  const onBytes = progressOf(context, request, "verify");
  // The copy for several workers is held against the expected hash itself, where there is one.
  if (jobs === undefined || dump.expected === null) await dump.checkFirst(signal, onBytes);
  if (jobs === undefined) return server.restore.restore(wanted);
  return withArchiveFile(context, { dump, signal, onBytes }, (path) =>
    server.restore.restore({ ...wanted, archive: { path, jobs } }),
  );
}

/** A clean-up error never replaces the first one. */
async function dropAgain(context: Context, server: PostgresServer, database: string): Promise<void> {
  await server.restore.drop(database).catch((error: unknown) => {
    context.log.error({ database, error: String(error) }, "the restored database could not be dropped");
  });
}
