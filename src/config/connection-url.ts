import { libpqKeywords } from "./schema/postgres.ts";

/** A postgres:// URL taken apart; null where it says nothing. */
export interface ConnectionUrl {
  readonly host: string | null;
  readonly port: number | null;
  readonly user: string | null;
  readonly password: string | null;
  readonly database: string | null;
  readonly parameters: Readonly<Record<string, string>>;
}

/** Why a URL cannot be read; never repeats any part of it, because it may hold a password. */
export interface UrlProblem {
  readonly problem: string;
}

/**
 * Reads a libpq connection URL, percent-decoded. A password may hold a bare "@": the last one before the
 * first "/" ends it.
 */
export function parseConnectionUrl(url: string): ConnectionUrl | UrlProblem {
  const scheme = /^postgres(?:ql)?:\/\//.exec(url);
  if (!scheme) return { problem: "it does not start with postgres://" };
  const rest = url.slice(scheme[0].length);
  const slash = rest.indexOf("/");
  const end = rest.lastIndexOf("@", slash < 0 ? rest.length : slash);
  const login = /^([^:]*)(?::(.*))?$/s.exec(end < 0 ? "" : rest.slice(0, end));
  const place = /^(\[[^\]]*\]|[^:/?]*)(?::(\d*))?(?:\/([^?]*))?(?:\?(.*))?$/s.exec(rest.slice(end + 1));
  if (!login || !place)
    return {
      problem: "its host, port or database cannot be told apart; write %2F, %3A, %40 for / : @ in a password",
    };
  try {
    return assemble([login[1], login[2]], place.slice(1));
  } catch (error) {
    if (error instanceof URIError)
      return { problem: "it has a % that is not followed by two hex digits of UTF-8; write %25 for %" };
    throw error;
  }
}

function assemble(
  login: readonly (string | undefined)[],
  place: readonly (string | undefined)[],
): ConnectionUrl | UrlProblem {
  const [host = "", port = "", database = "", query = ""] = place;
  if (host.includes(",")) return { problem: "it names several hosts; one is allowed" };
  const given = new Map<string, string>();
  for (const part of query.split("&").filter((text) => text !== "")) {
    const [, key = "", value = ""] = /^([^=]*)=?(.*)$/s.exec(part) ?? [];
    given.set(decodeURIComponent(key), decodeURIComponent(value));
  }
  const known = ["host", "port", "user", "password", "dbname", ...libpqKeywords];
  if ([...given.keys()].some((key) => !known.includes(key))) {
    return { problem: `it has a parameter that is none of ${known.join(", ")}` };
  }
  const portText = given.get("port") ?? port;
  const portNumber = portText === "" ? null : Number(portText);
  if (portNumber !== null && !(Number.isInteger(portNumber) && portNumber >= 1 && portNumber <= 65535)) {
    return { problem: "its port is not one from 1 to 65535" };
  }
  return {
    host: given.get("host") ?? decoded(host.replace(/^\[(.*)\]$/, "$1")),
    port: portNumber,
    user: given.get("user") ?? decoded(login[0]),
    password: given.get("password") ?? decoded(login[1]),
    database: given.get("dbname") ?? decoded(database),
    parameters: Object.fromEntries([...given].filter(([key]) => libpqKeywords.includes(key))),
  };
}

function decoded(part: string | undefined): string | null {
  return part === undefined || part === "" ? null : decodeURIComponent(part);
}
