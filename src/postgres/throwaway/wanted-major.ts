import type { PostgresFacts } from "../../domain/backups/manifest.ts";
import { majorOf } from "../client/version.ts";

/**
 * The major version to restore on: the source's own, or that of the pg_dump that made the dump, where it was newer.
 * Its text is for servers of its own major on, and another pg_dump would write the schema differently.
 */
export function wantedMajor(facts: Pick<PostgresFacts, "serverVersionNum" | "clientVersion">): number {
  const client = Number(/^\d+/.exec(facts.clientVersion)?.[0] ?? 0);
  return Math.max(majorOf(facts.serverVersionNum), client);
}
