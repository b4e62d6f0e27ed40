import { allRoutes } from "../../src/http/create-app.ts";
import type { Route } from "../../src/http/route.ts";
import type { RouteParts } from "../../src/http/route-parts.ts";
import { generatedNote, type ReferencePage } from "./page.ts";

/** docs/reference/http.md, from the routes that answer. */
export const httpPage: ReferencePage = { path: "docs/reference/http.md", text: formatHttp };

const intro = `\`codex-backup serve\` answers requests where \`http.listen\` says; without the key \`http\` it does not. The same description
for programs: \`/api/v1/openapi.json\` (OpenAPI 3.1).

**Tokens.** With \`http.tokenFile\`, every route but \`/healthz\` needs \`Authorization: Bearer TOKEN\`; \`codex-backup token create\`
makes one and keeps its SHA-256 only. \`read\` looks, \`operate\` also runs, cancels, verifies and holds, \`admin\` also prunes and
releases. The file must not be writable for others; it is looked at once a second, so a revoked token opens nothing a second
later. It must be readable for the user of \`serve\`. Without a tokenFile, whoever is on this host may look, and nobody can change
anything. An address that others can reach is refused without a tokenFile. There is no TLS here: put a reverse proxy before it.

**Other sites.** On a loopback address only its own names and \`http.allowedHosts\` are answered (421 else), and a change with the
\`Origin\` of another site is refused.

**Limits.** Bodies 64 kB, heads 16 kB within 10 s, a request within 30 s, 512 connections, 32 streams of events. Ten failed sign-ins a
minute for each address and a hundred altogether, then 429 with \`Retry-After\`; a right token passes all the same. Sixty changes
a minute for each token. Status and metrics are made at most once a second, however many ask.

**Changes** stand in \`STATE/audit.log\` as JSON lines (time, id, phase, who, address, action, target, outcome): before they are
begun and after they have ended. What cannot be put down is not begun (503).

**Errors** are \`{"error": {"code", "message", "hint"}}\` with the HTTP status of the [failure codes](failures.md).`;

function formatHttp(): string {
  // Only the descriptions are read: no route is asked anything.
  const routes = allRoutes({ version: "" } as RouteParts);
  const table = ["| route | scope | does | answers |", "|---|---|---|---|", ...routes.map(row)].join("\n");
  return `${["# HTTP", generatedNote, intro, "## Routes", table].join("\n\n")}\n`;
}

function row({ method, path, access, summary, answers }: Route): string {
  const scope =
    access === null
      ? "none"
      : access === "metrics"
        ? "`read`, or none with `http.metricsOpen`"
        : `\`${access}\``;
  const told = Object.entries(answers).map(([status, { description }]) => `${status}: ${description}`);
  return `| \`${method.toUpperCase()} ${path}\` | ${scope} | ${summary} | ${told.join("; ")} |`;
}
