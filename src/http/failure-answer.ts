import { Failure, reportOf } from "../domain/failure.ts";
import type { Log } from "../platform/log.ts";
import { type Answer, json } from "./route.ts";

/** `{"error": {code, message, hint}}` with the status of the failure table. What nobody foresaw is logged, not told. */
export function answerOf(thrown: unknown, log: Log): Answer {
  if (!(thrown instanceof Failure)) {
    log.error({ err: thrown }, "a request failed in a way that nobody foresaw");
    return answerOf(unexpected(), log);
  }
  const { retryAfterS, allowed } = thrown.context;
  const headers = {
    ...(thrown.code === "http.unauthorized" && { "WWW-Authenticate": 'Bearer realm="codex-backup"' }),
    ...(thrown.code === "http.method" && { Allow: String(allowed) }),
    ...(retryAfterS !== undefined && { "Retry-After": String(retryAfterS) }),
  };
  return json({ error: reportOf(thrown) }, thrown.meaning.http, headers);
}

function unexpected(): Failure {
  return new Failure("run.internal", "Cannot answer: something went wrong that nobody foresaw", {
    hint: "Look at the log of codex-backup serve.",
  });
}
