import { join } from "node:path";
import type { EmbeddedServer } from "./embedded-server.ts";

/** The three tasks of the operations guide, pointed at the demo's own server and directories. */
export function demoConfig({
  directory,
  server,
}: {
  readonly directory: string;
  readonly server: EmbeddedServer;
}): string {
  const text = (value: string) => JSON.stringify(value); // JSON strings are YAML strings
  return `version: 1
state: ${text(join(directory, "state"))}
timezone: UTC
destinations:
  backups: { path: ${text(join(directory, "backups"))} }
  replays: { path: ${text(join(directory, "storage", "replays"))} }
jobs:
  database:
    schedule: "0 2 * * *"
    postgres: { socket: ${text(server.directory)}, user: ${text(server.user)}, database: codexdb }
    compress: zstd
    to: [backups]
    name: "codexdb_{date}"
    keep: { days: 30, minimum: 3 }
  capsule:
    schedule: "15 2 * * *"
    capsule: { root: ${text(join(directory, "storage"))}, include: [audit.log, "ledger/**", "annals/**"] }
    to: [replays]
    name: "codex_replay_{timestamp}"
    keep: { days: 90, minimum: 3 }
  checksums:
    schedule: "30 2 * * *"
    checksums: { destination: replays }
`;
}
