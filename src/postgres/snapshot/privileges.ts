import { Failure } from "../../domain/failure.ts";
import type { Session } from "../session/session.ts";
import { quoteName } from "../sql/literal.ts";
import { type MissingPrivilege, missingPrivilegesSql } from "../sql/missing-privileges.ts";

export interface PrivilegeQuestion {
  readonly session: Session;
  readonly database: string;
  readonly role: string;
  readonly serverVersionNum: number;
}

const mostNamed = 20;

/**
 * Finds out before anything is dumped whether this role may read everything. Throws "postgres.permission"
 * with all that is missing and the statement that mends it, "postgres.row-security".
 */
export async function checkPrivileges(question: PrivilegeQuestion): Promise<void> {
  const found = await question.session.rows<MissingPrivilege>(missingPrivilegesSql);
  const denied = found.filter((one) => one.kind !== "row security");
  if (denied.length > 0) throw notPermitted(question, denied);
  const hidden = found.map((one) => one.object);
  if (hidden.length > 0) throw rowSecurity(question, hidden);
}

function notPermitted(question: PrivilegeQuestion, denied: readonly MissingPrivilege[]): Failure {
  const { database, role } = question;
  const named = listed(denied.map((one) => `${one.kind} ${one.object}`));
  return new Failure(
    "postgres.permission",
    `Cannot dump "${database}" as "${role}": no right to read ${named}`,
    {
      hint: grantsFor(question, denied).join(" "),
      context: { database, role, count: denied.length },
    },
  );
}

/** Since 14 one role covers schemas, tables and sequences, also those to come. Large objects are never covered. */
function grantsFor(question: PrivilegeQuestion, denied: readonly MissingPrivilege[]): readonly string[] {
  const role = quoteName(question.role);
  const isLarge = (one: MissingPrivilege) => one.kind === "large object";
  const large = denied.filter(isLarge).map((one) => one.object);
  const rest = denied.filter((one) => !isLarge(one));
  const forLarge =
    large.length === 0
      ? []
      : [`GRANT SELECT ON LARGE OBJECT ${large.slice(0, mostNamed).join(", ")} TO ${role};`];
  if (rest.length === 0) return forLarge;
  if (question.serverVersionNum >= 140_000) return [`GRANT pg_read_all_data TO ${role};`, ...forLarge];
  const each = rest.slice(0, mostNamed).map((one) => {
    const right = one.kind === "schema" ? "USAGE" : "SELECT";
    return `GRANT ${right} ON ${one.kind.toUpperCase()} ${one.object} TO ${role};`;
  });
  return [...each, ...forLarge];
}

function rowSecurity(question: PrivilegeQuestion, tables: readonly string[]): Failure {
  const { database, role } = question;
  return new Failure(
    "postgres.row-security",
    `Cannot dump "${database}" as "${role}": row security would hide rows of ${listed(tables)}`,
    { hint: `ALTER ROLE ${quoteName(role)} BYPASSRLS;`, context: { database, role } },
  );
}

function listed(names: readonly string[]): string {
  const more = names.length - mostNamed;
  return names.slice(0, mostNamed).join(", ") + (more > 0 ? ` and ${more} more` : "");
}
