import { isIP } from "node:net";
import { z } from "zod";
import { plainText } from "./scalar.ts";

export type HttpSettings = z.output<typeof http>;

/** Where the server listens, as written. */
export type ListenSetting =
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  | { readonly kind: "unix"; readonly path: string };

const listenAllowed =
  "an address with its port such as 127.0.0.1:7420 or [::1]:7420, or unix:/run/codex-backup.sock";

const listen = z.string({ error: () => listenAllowed }).transform((text, context) => {
  const address = readListen(text);
  if (address !== null) return address;
  context.addIssue({ code: "custom", message: listenAllowed });
  return z.NEVER;
});

const hostAllowed =
  "a name or address as it stands in the address bar, such as backup.example.org, without a port";

const hostName = z.string({ error: () => hostAllowed }).regex(/^[A-Za-z0-9.-]+$|^\[[0-9A-Fa-f:.]+\]$/, {
  error: () => hostAllowed,
});

/** `http`: whether and where `serve` answers requests. */
export const http = z.strictObject({
  listen: listen
    .prefault("127.0.0.1:7420")
    .describe("Address and port, or unix:PATH; any address but loopback demands `tokenFile`"),
  tokenFile: plainText
    .optional()
    .describe(
      "File of hashed tokens that `token create` writes; with it every request but /healthz needs a token, without it nothing can be changed",
    ),
  allowedHosts: z
    .array(hostName)
    .default([])
    .describe("Further names under which the server is called, for instance by a reverse proxy"),
  metricsOpen: z
    .boolean({ error: () => "true or false" })
    .default(false)
    .describe("/metrics needs no token"),
});

/** Names are not looked up: an address that changes its meaning could open the server to others. */
function readListen(text: string): ListenSetting | null {
  if (text.startsWith("unix:")) {
    const path = text.slice("unix:".length);
    return path.startsWith("/") && !path.includes("\0") ? { kind: "unix", path } : null;
  }
  const [, host = "", digits = ""] = /^(.+):(\d{1,5})$/.exec(text) ?? [];
  const bare = host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host;
  const port = Number(digits);
  const isWritten = bare === host ? isIP(bare) === 4 || bare === "localhost" : isIP(bare) === 6;
  if (!isWritten || digits === "" || port > 65_535) return null;
  return { kind: "tcp", host: bare === "localhost" ? "127.0.0.1" : bare, port };
}
