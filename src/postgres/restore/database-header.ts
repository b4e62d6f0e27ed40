import { quoteName } from "../sql/literal.ts";
import { type RoleMap, renameRoles } from "./rename-roles.ts";
import { identifier, readStatements } from "./statements.ts";

/** A database header, re-written for a database of another name. */
export interface DatabaseHeader {
  /** CREATE DATABASE; null when the header has none. */
  readonly create: string | null;
  /** Comment, settings, and with owners also owner and grants; for after the rows are in. */
  readonly properties: readonly string[];
}

// What stands before the database's name in each statement that pg_dump writes about it.
const lead = [
  "CREATE DATABASE ",
  "ALTER DATABASE ",
  "COMMENT ON DATABASE ",
  `SECURITY LABEL FOR ${identifier} ON DATABASE `,
  `ALTER ROLE ${identifier} IN DATABASE `,
  "(?:GRANT|REVOKE) [A-Z, ]+? ON DATABASE ",
].join("|");
const aboutDatabase = new RegExp(`^(${lead})${identifier}`);
/** Grants by somebody else than the owner are wrapped in these. */
const asGrantor = /^(SET|RESET) SESSION AUTHORIZATION\b/;
const ownership = new RegExp(`^(GRANT|REVOKE) |^ALTER DATABASE ${identifier} OWNER TO `);

/**
 * Reads database_NAME.sql (`pg_dump --create` without objects). Only the statements known to be about the
 * database are taken, under the new name; everything else in the file is left.
 */
export function readHeader(
  header: Buffer,
  target: {
    readonly database: string;
    readonly withoutOwners: boolean;
    readonly roleMap?: RoleMap | undefined;
  },
): DatabaseHeader {
  const statements = readStatements(header)
    .filter((statement) => !target.withoutOwners || !(ownership.test(statement) || asGrantor.test(statement)))
    .flatMap((statement) => renamed(statement, target.database) ?? [])
    .map((statement) => (target.roleMap ? renameRoles(statement, target.roleMap) : statement));
  return {
    create: statements.find((statement) => statement.startsWith("CREATE DATABASE ")) ?? null,
    properties: statements.filter((statement) => !statement.startsWith("CREATE DATABASE ")),
  };
}

function renamed(statement: string, database: string): string | null {
  if (asGrantor.test(statement)) return statement;
  if (!aboutDatabase.test(statement)) return null;
  return statement.replace(aboutDatabase, (_all, before: string) => `${before}${quoteName(database)}`);
}

/** For a dump without a header: an empty database with the cluster's own locale. */
export function plainCreate(database: string): string {
  return `CREATE DATABASE ${quoteName(database)} WITH TEMPLATE = template0`;
}
