import { stringify } from "yaml";
import { Failure } from "../domain/failure.ts";
import { addressForms, parseAddress } from "./address.ts";
import type { PresetRequest } from "./config.ts";
import { type ConnectionUrl, parseConnectionUrl } from "./connection-url.ts";

/** See ConfigLoader.preset. */
export function writePreset(request: PresetRequest): string {
  switch (request.kind) {
    case "codex":
      return presetCodex(request.timezone);
    case "container":
      return presetContainer(request);
    case "postgres":
      return presetPostgres(request);
    case "address":
      return presetAddress(request);
    default:
      return request satisfies never;
  }
}

/** The three cron lines and two clean-ups of the Super-Codex-AI host. */
function presetCodex(timezone: string): string {
  return `${head(timezone)}
destinations:
  backups:
    path: /backups
    owner: "codex:codex"                # files 0600, directory 0700, given to this user
  replays:
    path: /opt/Super-Codex-AI/storage/replays
    owner: "codex:codex"

jobs:
  # Replaces: docker exec codex_postgres pg_dump -U codex codexdb > /backups/codexdb_$(date +%F).sql
  database:
    schedule: "0 2 * * *"               # every day at 02:00
    postgres:
      container: codex_postgres         # the client inside the container: versions always match
      user: codex
      database: codexdb
    to: [backups]
    name: "codexdb_{date}"              # a second run on a day gets _HHMMSS
    keep: { days: 30, minimum: 3 }      # the newest 3 stay, however old they are

  # Replaces the script that zips audit.log, ledger/ and annals/
  capsule:
    schedule: "15 2 * * *"              # every day at 02:15
    capsule:
      root: /opt/Super-Codex-AI/storage
      include: [audit.log, "ledger/**", "annals/**"]
    to: [replays]
    name: "codex_replay_{timestamp}"
    keep: { days: 90, minimum: 3 }

  # Replaces: sha256sum storage/replays/*.zip > storage/replays/checksums.txt
  checksums:
    schedule: "30 2 * * *"              # every day at 02:30
    checksums: { destination: replays }
`;
}

function presetContainer(request: Extract<PresetRequest, { readonly kind: "container" }>): string {
  const { container, user, database, timezone } = request;
  const source = [
    `container: ${quote(container)}         # the client inside the container: versions always match`,
    `user: ${quote(user)}`,
    ...databaseLines(database),
  ];
  return databasePreset(timezone, source);
}

function presetPostgres({ url, timezone }: Extract<PresetRequest, { readonly kind: "postgres" }>): string {
  const parsed = parseConnectionUrl(url);
  if ("problem" in parsed) {
    throw new Failure("config.invalid", `Cannot read the URL for the config: ${parsed.problem}`, {
      hint: "Write it as postgres://user@host:port/database.",
    });
  }
  return databasePreset(timezone, sourceLines(parsed));
}

function presetAddress({ address, timezone }: Extract<PresetRequest, { readonly kind: "address" }>): string {
  const keys = parseAddress(address);
  if ("problem" in keys) {
    throw new Failure("usage.invalid-value", `Cannot read the address: ${String(keys.problem)}`, {
      hint: `Write it as one of: ${addressForms.join(", ")}.`,
    });
  }
  const body = {
    version: 1,
    state: "./codex-backup-state",
    timezone,
    destinations: { offsite: { ...keys, readOnly: true } },
    jobs: {},
  };
  return `# codex-backup: to list, verify and restore what lies at one storage. Nothing is written to it while it is readOnly.
# First: codex-backup catalog rebuild
${stringify(body, { lineWidth: 0 })}`;
}

function sourceLines(url: ConnectionUrl): readonly string[] {
  const isSocket = url.host?.startsWith("/") ?? false;
  return [
    ...lineOf(isSocket ? "socket" : "host", url.host),
    ...(url.port === null ? [] : [`port: ${url.port}`]),
    ...lineOf("user", url.user),
    ...(url.password === null ? passwordHint : passwordLines),
    ...databaseLines(url.database),
    ...parameterLines(url.parameters),
  ];
}

/** The password itself is never written: the file may be shared, committed, copied. */
const passwordLines: readonly string[] = [
  "password: { env: PGPASSWORD }     # the URL's password is not kept here: set this variable,",
  "# or put it in a file that only we can read, for cron and systemd:",
  "# passwordFile: /etc/codex-backup/password   # chmod 600",
];

const passwordHint: readonly string[] = [
  "# passwordFile: /etc/codex-backup/password   # chmod 600, when a password is needed",
];

function databaseLines(database: string | null): readonly string[] {
  return database === null
    ? ['database: "*"                     # every database there is; except: [name, …] leaves some out']
    : [`database: ${quote(database)}`];
}

const sslNames = /^ssl(mode|rootcert|cert|key)$/;

function parameterLines(parameters: Readonly<Record<string, string>>): readonly string[] {
  const all = Object.entries(parameters);
  const ssl = all.filter(([key]) => sslNames.test(key)).map(([key, value]) => `${key}: ${quote(value)}`);
  const further = all
    .filter(([key]) => !sslNames.test(key))
    .map(([key, value]) => `  ${key}: ${quote(value)}`);
  return further.length === 0 ? ssl : [...ssl, "parameters:", ...further];
}

function lineOf(key: string, value: string | null): readonly string[] {
  return value === null ? [] : [`${key}: ${quote(value)}`];
}

function databasePreset(timezone: string, source: readonly string[]): string {
  return `${head(timezone)}
destinations:
  backups:
    path: /backups                      # files 0600, directory 0700
    # owner: "user:group"               # default: whoever runs codex-backup

jobs:
  database:
    schedule: "0 2 * * *"               # every day at 02:00
    postgres:
${source.map((line) => `      ${line}`).join("\n")}
    # compress: zstd                    # none, zstd or gzip
    to: [backups]
    name: "{database}_{date}"           # a second run on a day gets _HHMMSS
    keep: { days: 30, minimum: 3 }      # the newest 3 stay, however old they are
`;
}

function head(timezone: string): string {
  return `# codex-backup: every key is described in docs/reference/config.md.
# Look at this file with: codex-backup config check
# Mark the destinations as ours, once: codex-backup destination init --all
# Then make the first backups: codex-backup run --all
version: 1
state: /var/lib/codex-backup            # catalog, run logs, work directory
timezone: ${quote(timezone)}            # of every schedule
`;
}

/** JSON's quoted text is YAML's. */
function quote(text: string): string {
  return JSON.stringify(text);
}
