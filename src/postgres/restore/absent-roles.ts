import { decodeLoose, escapeLoose } from "../loose-text.ts";
import type { DumpEvent } from "../tap/dump-events.ts";
import { rolesIn } from "./rename-roles.ts";
import { identifier } from "./statements.ts";

/** Leaves out what names roles that the server does not have. For restores without owners, where nothing else names any. */
export interface AbsentRoles {
  /** Of a dump's statements: policies with their comments, and user mappings. Asked of each event once. */
  leavesOut(event: DumpEvent): boolean;
  /** Of a database header: settings of a role in the database. */
  leavesOutStatement(statement: string): boolean;
  /** One line for each statement left out so far. */
  readonly warnings: readonly string[];
}

const table = String.raw`${identifier}(?:\.${identifier})?`;
const policy = new RegExp(`^CREATE (POLICY ${identifier} ON ${table})`);
const mapping = new RegExp(`^CREATE (USER MAPPING FOR ${identifier} SERVER ${identifier})`);
const comment = new RegExp(`^COMMENT ON (POLICY ${identifier} ON ${table}) IS`);
const setting = new RegExp(
  `^(ALTER ROLE ${identifier} IN DATABASE ${identifier} (?:RESET|SET) ${identifier}(?:\\.${identifier})?)`,
);

/** `present`: as loose text. */
export function createAbsentRoles(present: ReadonlySet<string>): AbsentRoles {
  const warnings: string[] = [];
  const gone = new Set<string>();
  function leavesOut(statement: string): boolean {
    const object = (policy.exec(statement) ?? mapping.exec(statement) ?? setting.exec(statement))?.[1];
    const [absent] = object === undefined ? [] : rolesIn(statement).filter((role) => !present.has(role));
    if (object === undefined || absent === undefined) return gone.has(comment.exec(statement)?.[1] ?? "");
    gone.add(object);
    warnings.push(escapeLoose(`Left out, since role "${absent}" is not there: ${object}`));
    return true;
  }
  return {
    leavesOut: (event) => {
      if (event.kind !== "statement" || !event.isWhole) return false;
      const [, second, third] = event.words;
      const isAsked = second === "POLICY" || second === "USER" || third === "POLICY";
      return isAsked && leavesOut(decodeLoose(event.bytes));
    },
    leavesOutStatement: leavesOut,
    warnings,
  };
}
