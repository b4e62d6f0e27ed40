import { createHash } from "node:crypto";
import type { PingSettings } from "../domain/alerts/alert-settings.ts";
import { shortenBytes } from "../domain/alerts/shown-text.ts";
import type { Ping, Pinger } from "./alert.ts";
import { sendPost } from "./http-channel.ts";
import { type DeliveryDeps, withLimit } from "./time-limit.ts";

/** What healthchecks servers keep of a body. */
const bodyLimitBytes = 10_000;

/** See Pinger. A job without an address is not pinged, and that is no failure. */
export function createPinger({ urls, caFile }: PingSettings, deps: DeliveryDeps): Pinger {
  return {
    async ping(ping, signal) {
      const secret = urls.get(ping.job);
      if (secret === undefined) return;
      const name = `the check of ${ping.job}`;
      const post = {
        url: formatPingUrl(secret.reveal(), ping),
        body: formatPingBody(ping.body),
        headers: { "content-type": "text/plain; charset=utf-8" },
      };
      await withLimit({ target: name, signal, deps }, (either) =>
        sendPost({ name, caFile, secrets: [secret], post }, either, deps),
      );
    },
  };
}

/** `URL/start`, `URL`, `URL/fail`, each with the run's id, which joins the start and the end. */
function formatPingUrl(base: string, { kind, runId }: Pick<Ping, "kind" | "runId">): string {
  const url = new URL(base);
  const path = url.pathname.replace(/\/+$/, "");
  url.pathname = kind === "success" ? path : `${path}/${kind}`;
  url.searchParams.set("rid", uuidOf(runId));
  return url.href;
}

/** Without control characters but line ends, at most 10,000 bytes. */
function formatPingBody(body: string): string {
  const lines = body.toWellFormed().split("\n");
  const clean = lines.map((line) => line.replaceAll(/\p{Cc}+/gu, " ").trimEnd());
  return shortenBytes(clean.join("\n"), bodyLimitBytes);
}

/** The same id for the same run, in the form that the other side demands: a UUID of version 8 (our own making). */
function uuidOf(runId: string): string {
  const hex = createHash("sha256").update(runId).digest("hex");
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `a${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join("-");
}
