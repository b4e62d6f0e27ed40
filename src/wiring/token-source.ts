import { timingSafeEqual } from "node:crypto";
import { type AccessToken, parseTokens } from "../domain/access/access-token.ts";
import type { TokenSource } from "../http/http.ts";
import { shareFlight } from "../http/share-flight.ts";
import type { Clock } from "../platform/clock.ts";
import type { Log } from "../platform/log.ts";
import { readTokens, sha256Of } from "./token-file.ts";

export interface TokenSourceParts {
  /** Null: no tokens. */
  readonly path: string | null;
  readonly clock: Clock;
  readonly log: Log;
}

/** Looks at the file at most once a second, so that a token that is revoked opens nothing a second later. */
export function createTokenSource({ path, clock, log }: TokenSourceParts): TokenSource {
  let known: { readonly version: string | null; readonly tokens: readonly AccessToken[] } | null = null;
  const read = shareFlight(
    async () => {
      if (path === null) return [];
      try {
        const { text, version } = await readTokens(path);
        if (known === null || known.version !== version) known = { version, tokens: parseTokens(text) };
        return known.tokens;
      } catch (err) {
        known = null;
        log.error({ err, path }, "the tokens cannot be read: nobody is let in");
        return [];
      }
    },
    { clock, keepMs: 1000 },
  );
  return {
    async find(text) {
      const asked = Buffer.from(sha256Of(text), "hex");
      // All are compared, so that the time taken tells nothing.
      const found = (await read()).filter(({ sha256 }) => timingSafeEqual(Buffer.from(sha256, "hex"), asked));
      return found[0] ?? null;
    },
  };
}
