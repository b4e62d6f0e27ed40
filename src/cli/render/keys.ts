import type { SigningKey } from "../../domain/signatures/signing-key.ts";
import { renderColumns } from "./columns.ts";

/** Our own first. Without one, how to make it. */
export function renderSigningKeys(keys: readonly SigningKey[]): string {
  const rows = keys.map(({ keyId, text, isOwn, exported }) => [
    keyId,
    isOwn ? "signs and counts" : "counts",
    isOwn ? describeExport(exported) : "named in the config",
    text,
  ]);
  const table = rows.length === 0 ? [] : [renderColumns([["signing key", "", "", "public key"], ...rows])];
  const lacking = keys.some(({ isOwn }) => isOwn)
    ? []
    : ["Backups are not signed: make a key with codex-backup keys generate."];
  return [...table, ...lacking].join("\n");
}

function describeExport(exported: SigningKey["exported"]): string {
  return exported === null ? "no export known" : `exported ${exported.at.slice(0, 10)} by ${exported.who}`;
}
