import { type RoleMap, renameRoles } from "./rename-roles.ts";
import { identifier, readStatements, unquote } from "./statements.ts";

/** What has to be run so that roles which are missing exist; those that exist are not changed. */
export interface RolePlan {
  readonly created: readonly string[];
  readonly statements: readonly string[];
  /** Memberships that would change a role that exists, one line each. */
  readonly leftAlone: readonly string[];
}

const createRole = new RegExp(`^CREATE ROLE (${identifier})$`);
const aboutRole = new RegExp(
  `^(?:ALTER ROLE|COMMENT ON ROLE|SECURITY LABEL FOR ${identifier} ON ROLE) (${identifier}) `,
);
const inDatabase = new RegExp(`^ALTER ROLE ${identifier} IN DATABASE `);
const membership = new RegExp(`^GRANT (${identifier}) TO (${identifier})`);
const tablespace = new RegExp(`^CREATE TABLESPACE (${identifier}) `);

/** The roles that a globals file defines. */
export function rolesOf(globals: Buffer): readonly string[] {
  return readStatements(globals).flatMap((statement) => nameIn(createRole, statement) ?? []);
}

/** The tablespaces that a globals file defines. */
export function tablespacesOf(globals: Buffer): readonly string[] {
  return readStatements(globals).flatMap((statement) => nameIn(tablespace, statement) ?? []);
}

/**
 * Plans what to take from globals_NAME.sql. A role that exists keeps its password, attributes, settings and
 * memberships: on a server that somebody else owns, ALTER ROLE … PASSWORD would overwrite theirs. A role that is called
 * otherwise here is one of that name.
 */
export function planRoles(
  globals: Buffer,
  existing: ReadonlySet<string>,
  roleMap: RoleMap = new Map(),
): RolePlan {
  const named = readStatements(globals).map((statement) => renameRoles(statement, roleMap));
  // Two roles can become one.
  const statements = [...new Set(named)].filter((statement) => !isOfItself(statement));
  const defined = statements.flatMap((statement) => nameIn(createRole, statement) ?? []);
  const created = defined.filter((role) => !existing.has(role));
  const isNew = new Set(created);
  const granted = statements.filter((statement) => membership.test(statement));
  const memberOf = (statement: string) => unquote(membership.exec(statement)?.[2] ?? "");
  return {
    created,
    statements: statements.filter((statement) => {
      if (inDatabase.test(statement)) return false;
      const subject = nameIn(createRole, statement) ?? nameIn(aboutRole, statement);
      return subject === null
        ? membership.test(statement) && isNew.has(memberOf(statement))
        : isNew.has(subject);
    }),
    leftAlone: granted
      .filter(
        (statement) => !isNew.has(memberOf(statement)) && isNew.has(nameIn(membership, statement) ?? ""),
      )
      .map((statement) => `Not done, since the role exists already: ${statement}`),
  };
}

function isOfItself(statement: string): boolean {
  const [, role, member] = membership.exec(statement) ?? [];
  return role !== undefined && role === member;
}

function nameIn(pattern: RegExp, statement: string): string | null {
  const written = pattern.exec(statement)?.[1];
  return written === undefined ? null : unquote(written);
}
