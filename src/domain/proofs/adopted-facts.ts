import type { PostgresFacts } from "../backups/manifest.ts";

/**
 * What is needed of a server to restore a dump that somebody else made, as its first lines tell it: the version that it was
 * dumped from and that of its pg_dump, and its encoding. Null when they do not name a version, as in dumps of other programs.
 */
export function factsOfHead(
  head: string,
): Pick<
  PostgresFacts,
  "serverVersion" | "serverVersionNum" | "clientVersion" | "encoding" | "locale"
> | null {
  const version = /^-- Dumped from database version ((\d+)(?:\.(\d+))?)/m.exec(head);
  if (version === null) return null;
  const [, serverVersion = "", major = "", minor = "0"] = version;
  const encoding = /^SET client_encoding = '([^']+)'/m.exec(head)?.[1] ?? "UTF8";
  return {
    serverVersion,
    serverVersionNum: Number(major) * 10_000 + Number(minor),
    clientVersion: /^-- Dumped by pg_dump version (\d+(?:\.\d+)?)/m.exec(head)?.[1] ?? "unknown",
    encoding,
    locale: { provider: "libc", collate: "C", ctype: "C", icuLocale: null, collationVersion: null },
  };
}
