import type { DumpEvent } from "../tap/dump-events.ts";
import { identifier } from "./statements.ts";

const ownerAtEnd = new RegExp(`\\bOWNER TO ${identifier};$`);

/**
 * Whether a statement of a plain dump is about who owns or may use an object; pg_restore leaves the same ones
 * out with --no-owner --no-privileges. Their statements are short, so never in parts.
 */
export function isAboutOwners(event: DumpEvent): boolean {
  if (event.kind !== "statement" || !event.isWhole) return false;
  const [first, second, third] = event.words;
  if (first === "GRANT" || first === "REVOKE") return true;
  if ((first === "SET" || first === "RESET") && second === "SESSION" && third === "AUTHORIZATION")
    return true;
  if (first !== "ALTER") return false;
  if (second === "DEFAULT" && third === "PRIVILEGES") return true;
  return ownerAtEnd.test(event.bytes.subarray(-300).toString("latin1"));
}
