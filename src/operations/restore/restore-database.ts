import type { PostgresFacts } from "../../domain/backups/manifest.ts";
import type {
  DatabaseRestored,
  PreflightFinding,
  RestoreCheck,
} from "../../domain/backups/restore-report.ts";
import { Failure } from "../../domain/failure.ts";
import type { ReportedRecovery } from "../../domain/health/status-report.ts";
import type { PostgresSource } from "../../domain/jobs/source.ts";
import { describeDuration } from "../../domain/plain-words.ts";
import { describeCut } from "../../domain/restores/cut-findings.ts";
import type { DumpCut } from "../../domain/restores/table-choice.ts";
import type { PostgresServer, ServerFacts } from "../../postgres/postgres.ts";
import type { Context } from "../context.ts";
import { chooseTables } from "./choose-tables.ts";
import { describeSource } from "./describe-source.ts";
import type { DumpSource } from "./dump-source.ts";
import { maintenanceDatabase } from "./maintenance-database.ts";
import { progressOf } from "./progress.ts";
import { refuseRequest } from "./refuse-request.ts";
import { restoreBeside } from "./restore-beside.ts";

export interface DatabaseRestore {
  readonly dump: DumpSource;
  /** What was found beforehand and belongs to the preflight. */
  readonly known: readonly PreflightFinding[];
  /** What proofs have measured; null: nothing. */
  readonly estimate: ReportedRecovery | null;
  /** Whose server it is. */
  /** Null: no job of this config. */
  readonly serverJob: string | null;
  readonly server: PostgresSource;
  /** The database to make. */
  readonly to: string;
  /** What the user typed as the name of the database that may be replaced; null: none may. */
  readonly overwrite: string | null;
  readonly roles: "missing" | "none";
  readonly withoutOwners: boolean;
  /** As typed; empty or left out: everything. */
  readonly tables?: readonly string[];
  readonly schemas?: readonly string[];
  readonly roleMap?: ReadonlyMap<string, string>;
  /** Workers of pg_restore; left out: one transaction for all. */
  readonly jobs?: number;
  /** Left out: "rows". */
  readonly check?: RestoreCheck["kind"];
  /** Only the preflight. */
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
}

/**
 * Restores a dump into a database of its own: hash first, then the preflight, then one transaction that is
 * committed only after hash and trailer were seen. It is restored under a name of its own and gets the right one
 * at the end, so that whoever finds the name finds all of it; a replaced database is kept under a new name.
 */
export async function restoreDatabase(context: Context, request: DatabaseRestore): Promise<DatabaseRestored> {
  const startedMs = context.clock.monotonicMs();
  refuseRequest(request);
  const label = `codex-backup-restore-${context.randomToken(6)}`;
  const server = await context.postgres.connect(request.server, maintenanceDatabase, {
    label,
    signal: request.signal,
  });
  try {
    const cut = await chooseTables(server, request, progressOf(context, request, "verify"));
    const findings = await preflight(server, request, cut);
    const basis = {
      kind: "database",
      from: request.dump.name,
      database: request.to,
      job: request.serverJob,
      findings,
      isHashChecked: request.dump.isHashKnown,
      estimate: request.estimate,
      tables: cut?.whole ?? null,
      withoutRows: cut?.withoutRows ?? [],
    } as const;
    if (request.dryRun) return { ...basis, ...nothingDone };
    const { report, check, oldDatabase } = await restoreBeside(context, server, { request, cut });
    const durationMs = Math.round(context.clock.monotonicMs() - startedMs);
    const { warnings, createdRoles } = report;
    return { ...basis, isRestored: true, durationMs, warnings, createdRoles, oldDatabase, check };
  } finally {
    await server.close();
  }
}

const nothingDone = {
  isRestored: false,
  durationMs: 0,
  warnings: [],
  createdRoles: [],
  oldDatabase: null,
  check: { kind: "none", tables: 0, rows: 0, reason: "nothing was restored" },
} as const;

async function preflight(
  server: PostgresServer,
  request: DatabaseRestore,
  cut: DumpCut | null,
): Promise<readonly PreflightFinding[]> {
  const { dump, to, roleMap, roles, jobs } = request;
  const { globals, header } = dump;
  const facts = dump.facts === null ? null : factsOf(dump.facts, cut);
  const found = await server.restore.preflight({
    ...{ database: to, facts, globals, header, roles },
    withoutOwners: request.withoutOwners && jobs === undefined, // workers leave out no statement that names a role
    ...(roleMap === undefined ? {} : { roleMap }),
  });
  const findings: readonly PreflightFinding[] = [
    targetServer(request.server, server.facts),
    ...request.known,
    ...(request.estimate === null ? [] : [timeNeeded(request.estimate)]),
    ...(cut === null ? [] : describeCut(cut)),
    ...(request.withoutOwners ? [withoutOwnersNote] : []),
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

/** Single tables need only the extensions that are restored with them. */
function factsOf(facts: PostgresFacts, cut: DumpCut | null): PostgresFacts {
  if (cut === null) return facts;
  return { ...facts, extensions: facts.extensions.filter(({ name }) => cut.extensions.includes(name)) };
}

function timeNeeded({ estimateMs, measuredAt }: ReportedRecovery): PreflightFinding {
  const message = `a restore of all of it takes about ${describeDuration(estimateMs)}, as measured on ${measuredAt.slice(0, 10)} in a throwaway server`;
  return { severity: "note", message, hint: null };
}

const withoutOwnersNote: PreflightFinding = {
  severity: "warning",
  message:
    "owners and grants are left out: everything will belong to the role that restores, and nobody else may use it",
  hint: "Leave out --no-owner to restore them, or rename roles with --role OLD=NEW.",
};

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
