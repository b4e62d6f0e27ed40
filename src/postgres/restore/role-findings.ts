import type { RestoreFinding } from "../../domain/restores/restore-finding.ts";
import { escapeLoose } from "../loose-text.ts";
import { quoteName } from "../sql/literal.ts";
import type { TargetRow } from "../sql/restore-target.ts";
import type { RoleMap } from "./rename-roles.ts";
import { rolesOf } from "./roles.ts";

export interface RolesToFind {
  /** By the names in the dump. */
  readonly needed: readonly string[];
  readonly globals: Buffer | null;
  readonly roles?: "missing" | "none";
  readonly withoutOwners?: boolean;
  readonly roleMap?: RoleMap;
}

/** What of the roles is missing on the server, and whether a restore makes it. Pure. */
export function findRoles(
  { needed, globals, roles = "missing", withoutOwners = false, roleMap = new Map() }: RolesToFind,
  target: Pick<TargetRow, "roles" | "mayCreateRoles">,
): readonly RestoreFinding[] {
  const missingOf = (names: readonly string[]) =>
    [...new Set(names.map((role) => roleMap.get(role) ?? role))].filter(
      (role) => !target.roles.includes(role),
    );
  const defined = globals === null ? [] : missingOf(rolesOf(globals).map(escapeLoose));
  const made = roles === "none" ? [] : defined;
  const found = missingOf(needed).map((role) =>
    made.includes(role)
      ? willBeMade(role)
      : withoutOwners
        ? isDoneWithout(role)
        : isMissing(role, defined.includes(role)),
  );
  return made.length === 0 || target.mayCreateRoles ? found : [...found, mayNot(made)];
}

function willBeMade(role: string): RestoreFinding {
  const message = `role "${role}" is missing and will be created`;
  return { about: "role", severity: "note", message, hint: null };
}

function isDoneWithout(role: string): RestoreFinding {
  const message = `role "${role}" is missing; policies, user mappings and settings that name it will be left out`;
  return { about: "role", severity: "note", message, hint: null };
}

function isMissing(role: string, isDefined: boolean): RestoreFinding {
  const why = isDefined ? "--roles none does not create it" : "the backup does not define it";
  const message = `role "${role}" is missing, and ${why}`;
  const hint = `Create it, or restore with --no-owner: CREATE ROLE ${quoteName(role)};`;
  return { about: "role", severity: "warning", message, hint };
}

/** The first CREATE ROLE would end the restore. */
function mayNot(made: readonly string[]): RestoreFinding {
  const [first = ""] = made;
  const message = `this role may not create roles, and these are missing: ${made.join(", ")}`;
  const hint = `Restore as a role with CREATEROLE, or name a role that is there for each (--role ${first}=…), or give --no-owner --roles none.`;
  return { about: "role", severity: "blocker", message, hint };
}
