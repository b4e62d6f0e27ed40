import { type AccessToken, allows, type Scope } from "../domain/access/access-token.ts";
import { formatListenAddress, isLocalAddress } from "../domain/access/http-settings.ts";
import { Failure } from "../domain/failure.ts";
import type { HttpParts } from "./http.ts";
import { createRateLimit } from "./rate-limit.ts";
import type { Route } from "./route.ts";

/** Decides who may do what. */
export interface Access {
  /** Throws "http.host", "http.forbidden" (another site's page), "http.unauthorized", "http.too-many". */
  admit(request: Request, route: Route, address: string): Promise<Admitted>;
}

export interface Admitted {
  readonly who: string;
  /** Asked again while a long answer goes on. */
  readonly isStillWelcome: () => Promise<boolean>;
}

const minuteMs = 60_000;
const everybody = "";

/** Counts failed sign-ins and changes of a minute in memory: a restart forgets them. */
export function createAccess(parts: HttpParts): Access {
  const { monotonicMs } = parts.clock;
  const window = { windowMs: minuteMs, maxKeys: 10_000, monotonicMs };
  const failures = createRateLimit({ ...window, limit: 10 });
  const allFailures = createRateLimit({ ...window, limit: 100 });
  const changes = createRateLimit({ ...window, limit: 60 });

  /** A right token always passes: behind a proxy all have one address, and one bad neighbour must not blind monitoring. */
  const refuse = (failure: Failure, address: string): Failure => {
    const isCounted = [failures.take(address), allFailures.take(everybody)].every(Boolean);
    if (isCounted) {
      parts.log.warn({ address, code: failure.code }, "a request was refused");
      return failure;
    }
    return tooMany(
      "too many failed sign-ins",
      failures.isOpen(address) ? allFailures.retryAfterS(everybody) : failures.retryAfterS(address),
    );
  };

  return {
    async admit(request, route, address) {
      demandHost(request, parts);
      if (route.change !== null) demandSameOrigin(request);
      const needed = neededScope(route, parts);
      const text = bearerOf(request);
      if (needed === null || (text === null && isLookAllowed(route, parts)))
        return { who: "local", isStillWelcome: async () => true };
      if (parts.settings.tokenFile === null) throw noTokens();
      const token = text === null ? null : await parts.tokens.find(text);
      if (token === null) throw refuse(unauthorized(text !== null), address);
      if (!allows(token.scope, needed)) throw refuse(forbidden(token, needed), address);
      if (route.change !== null && !changes.take(token.name))
        throw tooMany("too many changes", changes.retryAfterS(token.name));
      const again = async () => (text === null ? null : await parts.tokens.find(text)) !== null;
      return { who: token.name, isStillWelcome: again };
    },
  };
}

function neededScope({ access }: Route, { settings }: HttpParts): Scope | null {
  if (access === "metrics") return settings.isMetricsOpen ? null : "read";
  return access;
}

/** Without any tokens configured whoever is on this host may look, as with the command line; never change. */
function isLookAllowed(route: Route, { settings }: HttpParts): boolean {
  return route.change === null && settings.tokenFile === null && isLocalAddress(settings.listen);
}

/** Only in the header: a token in an address ends in the logs of every proxy. */
function bearerOf(request: Request): string | null {
  return /^Bearer +(\S+)$/i.exec(request.headers.get("authorization") ?? "")?.[1] ?? null;
}

/**
 * A page of another site can make a browser send requests here under its own name (DNS rebinding). On this host
 * only, every name that is not ours is refused; for other addresses a token is needed anyway, which no page has.
 */
function demandHost(request: Request, { settings }: HttpParts): void {
  const { listen, allowedHosts } = settings;
  if (listen.kind === "unix" || (!isLocalAddress(listen) && allowedHosts.length === 0)) return;
  const name = new URL(request.url).hostname.toLowerCase();
  const header = (request.headers.get("host") ?? name).toLowerCase().replace(/:\d{1,5}$/, "");
  const address = formatListenAddress(listen).replace(/:\d+$/, "");
  const known = ["localhost", "127.0.0.1", "[::1]", address, ...allowedHosts];
  if (known.includes(name) && known.includes(header)) return;
  throw new Failure("http.host", "Cannot answer under this name: it is not one of this server's", {
    hint: "Call it by its address, or add the name to http.allowedHosts.",
  });
}

/** No page of another site may change anything, even if it came to know a token. */
function demandSameOrigin(request: Request): void {
  const origin = request.headers.get("origin");
  const site = request.headers.get("sec-fetch-site");
  const host = request.headers.get("host") ?? new URL(request.url).host;
  const isOwn = origin === null || origin === `http://${host}` || origin === `https://${host}`;
  if (isOwn && (site === null || site === "same-origin" || site === "none")) return;
  throw new Failure("http.forbidden", "Cannot change anything for a page of another site", {
    hint: "Send the request from this server's own pages, or from a program.",
  });
}

function unauthorized(hasToken: boolean): Failure {
  const seen = hasToken ? "the token is not known" : "there is no token";
  return new Failure("http.unauthorized", `Cannot answer: ${seen}`, {
    hint: 'Send "Authorization: Bearer TOKEN" with a token of codex-backup token create.',
  });
}

function noTokens(): Failure {
  return new Failure("http.forbidden", "Cannot change anything: the config has no http.tokenFile", {
    hint: "Set http.tokenFile, then make a token with codex-backup token create NAME --scope operate.",
  });
}

function forbidden({ name, scope }: AccessToken, needed: Scope): Failure {
  return new Failure("http.forbidden", `Cannot do this with the token "${name}": its scope is ${scope}`, {
    hint: `Use a token with the scope ${needed}.`,
  });
}

function tooMany(what: string, retryAfterS: number): Failure {
  return new Failure("http.too-many", `Cannot answer now: ${what} in the last minute`, {
    hint: `Try again in ${retryAfterS} s.`,
    context: { retryAfterS },
  });
}
