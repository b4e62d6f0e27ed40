import type { PostgresFacts } from "../../domain/backups/manifest.ts";
import { isRestoringName } from "../../domain/backups/restoring-name.ts";
import { Failure } from "../../domain/failure.ts";
import { describeCount, describeSize } from "../../domain/plain-words.ts";
import type { RestoreFinding } from "../../domain/restores/restore-finding.ts";
import { majorOf } from "../client/version.ts";
import { escapeLoose } from "../loose-text.ts";
import type { ServerContext } from "../server.ts";
import { quoteName } from "../sql/literal.ts";
import { restoreTargetSql, type TargetRow } from "../sql/restore-target.ts";
import { findEncoding } from "./encoding-findings.ts";
import { freeBytesOf } from "./free-space.ts";
import { findLocale } from "./locale-findings.ts";
import { onMaintenance } from "./maintenance.ts";
import type { RoleMap } from "./rename-roles.ts";
import { findRoles } from "./role-findings.ts";
import { tablespacesOf } from "./roles.ts";

export interface PreflightRequest {
  readonly database: string;
  readonly facts: PostgresFacts | null;
  readonly globals: Buffer | null;
  readonly header: Buffer | null;
  /** Whether those that are missing are made. Left out: "missing". */
  readonly roles?: "missing" | "none";
  readonly withoutOwners?: boolean;
  /** Roles that are called otherwise here. */
  readonly roleMap?: RoleMap;
}

/** See PostgresRestorer.preflight. */
export async function preflightRestore(
  context: ServerContext,
  request: PreflightRequest,
): Promise<readonly RestoreFinding[]> {
  const sql = restoreTargetSql(request.database);
  const [row] = await onMaintenance(context, context.signal, (session) => session.rawRows<TargetRow>(sql));
  const target = row && { ...row, roles: row.roles.map(escapeLoose) };
  if (!target) throw new Failure("postgres.query", "Cannot look at the target: the server returned no row");
  const freeBytes = await freeBytesOf(context, target.dataDirectory);
  return judgeTarget(request, target, { versionNum: context.facts.versionNum, freeBytes });
}

/** Every reason for or against the restore that can be seen beforehand. Pure. */
function judgeTarget(
  request: PreflightRequest,
  target: TargetRow,
  { versionNum, freeBytes }: { readonly versionNum: number; readonly freeBytes: number | null },
): readonly RestoreFinding[] {
  const { facts, globals, header } = request;
  return [
    ...findTarget(request.database, target),
    ...findLeftovers(request.database, target),
    ...findPrivileges(target),
    ...(facts === null ? [] : findVersion(facts, versionNum)),
    ...findRoles({ ...request, needed: facts?.roles ?? [] }, target),
    ...(facts === null ? [] : findExtensions(facts, target)),
    ...(facts === null ? [] : findLocale(facts, target)),
    ...findEncoding({ facts, header, serverDefault: target.encoding }),
    ...(globals === null ? [] : findTablespaces(globals, target)),
    ...(facts === null ? [] : [findSpace(facts, freeBytes)]),
  ];
}

function findTarget(database: string, target: TargetRow): readonly RestoreFinding[] {
  if (!target.exists) return [];
  const exists: RestoreFinding = {
    about: "target",
    severity: "blocker",
    message: `database "${database}" exists${sizeOf(target)}, used by ${describeCount(target.sessions, "session")}`,
    hint: "Choose the name of a database that does not exist.",
  };
  if (target.sessions === 0) return [exists];
  const last = target.lastActive === null ? "" : `; the last statement there was at ${target.lastActive}`;
  const message = `database "${database}" is in use${last}`;
  const hint = "Stop what uses it; replacing it ends these sessions.";
  return [exists, { about: "sessions", severity: "warning", message, hint }];
}

/** A restore that was killed cannot drop its half-made database; its size is not known to be small. */
function findLeftovers(database: string, { restoring }: TargetRow): readonly RestoreFinding[] {
  return (restoring ?? [])
    .filter((name) => isRestoringName(name, database))
    .map((name) => ({
      about: "leftover",
      severity: "warning",
      message: `an interrupted restore of "${database}" left the database "${name}"`,
      hint: `When no other restore of it is at work, drop it: DROP DATABASE ${quoteName(name)};`,
    }));
}

function sizeOf({ sizeBytes }: TargetRow): string {
  return sizeBytes === null ? "" : ` (${describeSize(Number(sizeBytes))})`;
}

/** No SQL tells how much space is free. What the database had is an estimate: it can have been half empty. */
function findSpace({ databaseSizeBytes }: PostgresFacts, freeBytes: number | null): RestoreFinding {
  const need = `it needs about ${describeSize(databaseSizeBytes)} on the server`;
  if (freeBytes === null) {
    const message = `${need}, whose free space cannot be seen from here`;
    return { about: "space", severity: "note", message, hint: null };
  }
  const message = `${need}, where ${describeSize(freeBytes)} are free`;
  return freeBytes > databaseSizeBytes
    ? { about: "space", severity: "note", message, hint: null }
    : {
        about: "space",
        severity: "warning",
        message,
        hint: "Make space first; an old database stays beside the new one.",
      };
}

function findPrivileges(target: TargetRow): readonly RestoreFinding[] {
  if (!target.mayCreate) {
    const message = "this role may not create databases";
    return [{ about: "privilege", severity: "blocker", message, hint: "Restore as a role with CREATEDB." }];
  }
  if (target.isSuperuser) return [];
  const message = "this role is no superuser, so owners, some extensions and settings may be refused";
  return [
    { about: "privilege", severity: "warning", message, hint: "Restore as a superuser, or with --no-owner." },
  ];
}

function findVersion(facts: PostgresFacts, versionNum: number): readonly RestoreFinding[] {
  if (majorOf(facts.serverVersionNum) <= majorOf(versionNum)) return [];
  const message = `the dump is of PostgreSQL ${facts.serverVersion}, newer than this server (${majorOf(versionNum)})`;
  const hint = `Restore to a server of version ${majorOf(facts.serverVersionNum)}; an older one may refuse some statements.`;
  return [{ about: "version", severity: "warning", message, hint }];
}

function findExtensions(facts: PostgresFacts, target: TargetRow): readonly RestoreFinding[] {
  return facts.extensions.flatMap(({ name, version }): readonly RestoreFinding[] => {
    const offered = target.extensions.find((one) => one.name === name);
    if (!offered) {
      const message = `extension "${name}" is not installed on the server`;
      const hint = `Install the package that brings ${name} ${version}.`;
      return [{ about: "extension", severity: "blocker", message, hint }];
    }
    if (offered.version === version) return [];
    const message = `extension "${name}" will be ${offered.version}, it was ${version}`;
    return [{ about: "extension", severity: "warning", message, hint: null }];
  });
}

function findTablespaces(globals: Buffer, target: TargetRow): readonly RestoreFinding[] {
  return tablespacesOf(globals)
    .filter((name) => !target.tablespaces.includes(name))
    .map(escapeLoose)
    .map((name) => ({
      about: "tablespace",
      severity: "warning",
      message: `tablespace "${name}" is missing; objects of the dump that lie in it will be refused`,
      hint: `Create it: CREATE TABLESPACE "${name}" LOCATION '…';`,
    }));
}
