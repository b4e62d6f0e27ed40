import type { DatabaseRestored, PreflightFinding } from "../../domain/backups/restore-report.ts";
import { nameBeside, restoringName } from "../../domain/backups/restoring-name.ts";
import { Failure } from "../../domain/failure.ts";
import type { PostgresSource } from "../../domain/jobs/source.ts";
import { formatTimestamp } from "../../domain/timestamp.ts";
import type { PostgresServer, RestoreReport, ServerFacts } from "../../postgres/postgres.ts";
import type { Context } from "../context.ts";
import { describeSource } from "./describe-source.ts";
import type { DumpSource } from "./dump-source.ts";

export interface DatabaseRestore {
  readonly dump: DumpSource;
  /** What was found beforehand and belongs to the preflight. */
  readonly known: readonly PreflightFinding[];
  readonly server: PostgresSource;
  /** The database to make. */
  readonly to: string;
  /** What the user typed as the name of the database that may be replaced; null: none may. */
  readonly overwrite: string | null;
  readonly roles: "missing" | "none";
  readonly withoutOwners: boolean;
  /** Only the preflight. */
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
}

/** A database that is always there to log in to. */
const maintenanceDatabase = "postgres";

/**
 * Restores a dump into a database of its own: hash first, then the preflight, then one transaction that is
 * committed only after hash and trailer were seen. It is restored under a name of its own and gets the right one
 * at the end, so that whoever finds the name finds all of it; a replaced database is kept under a new name.
 */
export async function restoreDatabase(context: Context, request: DatabaseRestore): Promise<DatabaseRestored> {
  const startedMs = context.clock.monotonicMs();
  demandTypedName(request);
  const label = `codex-backup-restore-${context.randomToken(6)}`;
  const server = await context.postgres.connect(request.server, maintenanceDatabase, {
    label,
    signal: request.signal,
  });
  try {
    const findings = await preflight(server, request);
    const basis = {
      kind: "database",
      from: request.dump.name,
      database: request.to,
      findings,
      isHashChecked: request.dump.expected !== null,
    } as const;
    if (request.dryRun)
      return {
        ...basis,
        isRestored: false,
        durationMs: 0,
        warnings: [],
        createdRoles: [],
        oldDatabase: null,
      };
    await request.dump.checkFirst(request.signal, progressOf(context, request, "verify"));
    const { report, oldDatabase } = await restoreBeside(context, server, request);
    const durationMs = Math.round(context.clock.monotonicMs() - startedMs);
    return {
      ...basis,
      isRestored: true,
      durationMs,
      warnings: report.warnings,
      createdRoles: report.createdRoles,
      oldDatabase,
    };
  } finally {
    await server.close();
  }
}

function demandTypedName({ to, overwrite }: DatabaseRestore): void {
  if (overwrite === null || overwrite === to) return;
  throw new Failure(
    "usage.refused",
    `Cannot overwrite: --overwrite says "${overwrite}", and the target is "${to}"`,
    {
      hint: "Type the target's own name after --overwrite.",
    },
  );
}

async function preflight(
  server: PostgresServer,
  request: DatabaseRestore,
): Promise<readonly PreflightFinding[]> {
  const { dump, to } = request;
  const { facts, globals, header } = dump;
  const found = await server.restore.preflight({ database: to, facts, globals, header });
  const findings: readonly PreflightFinding[] = [
    targetServer(request.server, server.facts),
    ...request.known,
    ...found.map((finding) =>
      finding.about === "target" ? targetFinding(finding.message, request) : finding,
    ),
  ];
  const blockers = findings.filter((finding) => finding.severity === "blocker");
  const [first] = blockers;
  if (first === undefined || request.dryRun) return findings;
  const said = blockers.map((blocker) => blocker.message).join("; ");
  throw new Failure("postgres.restore-refused", `Cannot restore "${dump.name}" into "${to}": ${said}`, {
    hint: first.hint ?? "Mend this and restore again; nothing was touched.",
  });
}

/** So that nobody restores to another server than the one in mind (F78). */
function targetServer(source: PostgresSource, facts: ServerFacts): PreflightFinding {
  const message = `the server is PostgreSQL ${facts.version} ${describeSource(source)}`;
  return { severity: "note", message, hint: null };
}

function targetFinding(seen: string, { to, overwrite }: DatabaseRestore): PreflightFinding {
  if (overwrite !== null)
    return { severity: "note", message: `${seen}; it will be kept under a new name`, hint: null };
  const hint = `Choose another name, or type --overwrite ${to}: the old one is then kept under a new name.`;
  return { severity: "blocker", message: seen, hint };
}

async function restoreBeside(
  context: Context,
  server: PostgresServer,
  request: DatabaseRestore,
): Promise<{ readonly report: RestoreReport; readonly oldDatabase: string | null }> {
  const { dump, to } = request;
  const isSwap = request.overwrite !== null && (await server.listDatabases()).includes(to);
  const database = restoringName(to, context.randomToken(6));
  const report = await server.restore.restore({
    database,
    format: dump.format,
    openDump: dump.openDump,
    expected: dump.expected,
    header: dump.header,
    globals: request.roles === "none" ? null : dump.globals,
    roles: request.roles,
    withoutOwners: request.withoutOwners,
    signal: request.signal,
    onProgress: progressOf(context, request, "restore"),
  });
  if (!isSwap) {
    await server.restore.name({ database: to, restored: database });
    return { report, oldDatabase: null };
  }
  const oldDatabase = nameBeside(to, `_before_${formatTimestamp(context.clock.now())}`);
  await server.restore.swap({ database: to, restored: database, keepAs: oldDatabase });
  return { report, oldDatabase };
}

function progressOf(
  context: Context,
  { dump, to }: DatabaseRestore,
  step: "verify" | "restore",
): (doneBytes: number) => void {
  const totalBytes = step === "verify" ? dump.sizeBytes : (dump.expected?.sizeBytes ?? null);
  return (doneBytes) => context.onProgress({ subject: to, step, doneBytes, totalBytes, current: dump.name });
}
