import { resolve } from "node:path";
import { formatListenAddress, type HttpSettings, isLocalAddress } from "../domain/access/http-settings.ts";
import type { Problem } from "./problem.ts";
import type { HttpSettings as Written } from "./schema/http.ts";

/** The server's settings; null where there are none. Reports an address for everybody without tokens. */
export function buildHttp(
  written: Written | null,
  { directory, report }: { readonly directory: string; readonly report: (problem: Problem) => void },
): HttpSettings | null {
  if (written === null) return null;
  const { listen, tokenFile, allowedHosts, metricsOpen } = written;
  if (!isLocalAddress(listen) && tokenFile === undefined) {
    report({
      path: ["http", "listen"],
      at: "value",
      message: `http.listen is ${formatListenAddress(listen)}, which others can reach; needed with it: tokenFile, or listen on 127.0.0.1`,
    });
  }
  return {
    listen,
    tokenFile: tokenFile === undefined ? null : resolve(directory, tokenFile),
    allowedHosts: allowedHosts.map((name) => name.toLowerCase()),
    isMetricsOpen: metricsOpen,
  };
}
