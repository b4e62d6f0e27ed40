import type { PostgresFacts } from "../../domain/backups/manifest.ts";
import type { RestoreFinding } from "../../domain/restores/restore-finding.ts";
import { readHeader } from "./database-header.ts";

export interface EncodingQuestion {
  /** Null: nothing is known about where the dump comes from. */
  readonly facts: PostgresFacts | null;
  /** database_NAME.sql; its CREATE DATABASE names an encoding. */
  readonly header: Buffer | null;
  /** What the server gives a database for which none is asked. */
  readonly serverDefault: string;
}

/** Whether texts keep their bytes: the encoding that the new database gets is compared with the old one's (F70). */
export function findEncoding({ facts, header, serverDefault }: EncodingQuestion): readonly RestoreFinding[] {
  const given = (header === null ? null : encodingIn(header)) ?? serverDefault;
  if (facts === null) {
    const message = `the new database will have encoding ${given}; the dump's own is not known`;
    return header === null ? [{ about: "encoding", severity: "note", message, hint: null }] : [];
  }
  if (facts.encoding === given) return [];
  return [
    {
      about: "encoding",
      severity: "warning",
      message: `the new database will have encoding ${given}, it was ${facts.encoding}`,
      hint: "Restore to a server whose template0 has the old encoding, or look at texts beyond ASCII afterwards.",
    },
  ];
}

function encodingIn(header: Buffer): string | null {
  const { create } = readHeader(header, { database: "new", withoutOwners: true });
  return / ENCODING = '([^']+)'/.exec(create ?? "")?.[1] ?? null;
}
