import type { PostgresFacts } from "../backups/manifest.ts";

/** Why a definition may come back in other words although it is the same one. */
export interface OtherWording {
  readonly reason: string;
  /** Whether entries come and go too: another pg_dump divides a schema otherwise, another server does not. */
  readonly isDividedOtherwise: boolean;
}

/**
 * Null where the schema must come back in the very words that were recorded: the same major of the server, which writes
 * views, rules and grants, and of pg_dump, which writes the rest. Where one is another, what differs in its words alone
 * is no damage, and not proven either; rows, sequences and large objects read the same from all of them.
 */
export function otherWording(
  dumped: Pick<PostgresFacts, "serverVersionNum" | "clientVersion">,
  readBack: { readonly versionNum: number; readonly clientVersion: string },
): OtherWording | null {
  const [client, nowClient] = [majorOfText(dumped.clientVersion), majorOfText(readBack.clientVersion)];
  if (client !== null && nowClient !== null && client !== nowClient) {
    const reason = `it was dumped by pg_dump ${client} and dumped back by ${nowClient}${otherwise}`;
    return { reason, isDividedOtherwise: true };
  }
  const [server, nowServer] = [dumped.serverVersionNum, readBack.versionNum].map((version) =>
    Math.trunc(version / 10_000),
  );
  if (server === nowServer) return null;
  const reason = `it was dumped from PostgreSQL ${server} and restored on ${nowServer}${otherwise}`;
  return { reason, isDividedOtherwise: false };
}

const otherwise = ", which writes it otherwise; a change of it could not be told from that";

/** Of adopted dumps, nobody may know it. */
function majorOfText(version: string): number | null {
  const major = /^\d+/.exec(version)?.[0];
  return major === undefined ? null : Number(major);
}
