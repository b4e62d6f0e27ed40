import { quoteName } from "../sql/literal.ts";
import type { DumpEvent } from "../tap/dump-events.ts";
import { identifier, unquote } from "./statements.ts";

/** Old name to new one. */
export type RoleMap = ReadonlyMap<string, string>;

const table = String.raw`${identifier}(?:\.${identifier})?`;
const policy = `CREATE POLICY ${identifier} ON ${table}(?: AS RESTRICTIVE)?(?: FOR [A-Z]+)? TO `;

/** How statements name roles, each with the names in its second group. pg_dump writes them in these forms only. */
const forms: ReadonlyMap<string, readonly RegExp[]> = new Map([
  [
    "ALTER",
    [
      form("ALTER .* OWNER TO ", ";?"),
      form("ALTER DEFAULT PRIVILEGES FOR ROLE ", " .*"),
      form("ALTER DEFAULT PRIVILEGES .* (?:TO|FROM) ", "(?: WITH GRANT OPTION)?;?"),
      form("ALTER ROLE ", " .*"),
    ],
  ],
  [
    "GRANT",
    [
      form("GRANT .* GRANTED BY ", ";?"),
      form("GRANT .* TO ", "(?: WITH [A-Z ,]+)?(?: GRANTED BY .*)?;?"),
      form("GRANT ", " TO .*"),
    ],
  ],
  ["REVOKE", [form("REVOKE .* FROM ", "(?: CASCADE)?;?")]],
  ["SET", [form("SET SESSION AUTHORIZATION ", ";?")]],
  [
    "CREATE",
    [
      new RegExp(`^(${policy})(${identifier}(?:, ${identifier})*)(.*)$`, "s"),
      form("CREATE USER MAPPING FOR ", " .*"),
      form(`CREATE SCHEMA ${identifier} AUTHORIZATION `, ";?"),
      form("CREATE ROLE ", ";?"),
    ],
  ],
  ["COMMENT", [form("COMMENT ON ROLE ", " .*")]],
]);

/** One role between what stands before and after it. */
function form(before: string, after: string): RegExp {
  return new RegExp(`^(${before})(${identifier})(${after})$`, "s");
}

const nameAlone = new RegExp(identifier, "g");
/** No roles, where they stand unquoted. */
const keywords = new Set(["PUBLIC", "CURRENT_USER", "SESSION_USER", "CURRENT_ROLE"]);

/**
 * A statement with its roles under their new names. Only owners, grantees and the like are looked at: what is written
 * in rows, bodies and comments stays as it is.
 */
export function renameRoles(statement: string, roles: RoleMap): string {
  const [first = ""] = statement.split(/\s/, 1);
  const rename = (name: string) => renamedRole(name, roles);
  return (forms.get(first) ?? []).reduce((text, pattern) => {
    const [, before = "", names, after = ""] = pattern.exec(text) ?? [];
    return names === undefined ? text : `${before}${names.replace(nameAlone, rename)}${after}`;
  }, statement);
}

/** The roles that a statement names in those places. */
export function rolesIn(statement: string): readonly string[] {
  const [first = ""] = statement.split(/\s/, 1);
  const named = (forms.get(first) ?? []).flatMap((pattern) => pattern.exec(statement)?.[2] ?? []);
  const written = named.flatMap((names) => names.match(nameAlone) ?? []);
  return written.filter((name) => !keywords.has(name)).map(unquote);
}

function renamedRole(written: string, roles: RoleMap): string {
  if (keywords.has(written)) return written;
  const name = roles.get(unquote(written));
  return name === undefined ? written : quoteName(name);
}

/** For the statements of a dump, whose bytes may be in any encoding; names beyond ASCII are found in UTF-8 ones. */
export function renameRolesOf(roles: RoleMap): (event: DumpEvent) => DumpEvent {
  const inBytes = new Map([...roles].map(([from, to]) => [asBytes(from), asBytes(to)]));
  return (event) => {
    // Statements about roles are short.
    if (event.kind !== "statement" || !event.isWhole || !forms.has(event.words[0] ?? "")) return event;
    const text = event.bytes.toString("latin1");
    const renamed = renameRoles(text, inBytes);
    return renamed === text ? event : { ...event, bytes: Buffer.from(renamed, "latin1") };
  };
}

/** One letter for each byte. */
function asBytes(name: string): string {
  return Buffer.from(name).toString("latin1");
}
