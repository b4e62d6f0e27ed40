import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Contender } from "./pairs.ts";
import type { Results } from "./results.ts";

/** What the parts of the benchmark share. */
export interface Bench {
  /** With the config, a folder for each destination, and `tree`. */
  readonly home: string;
  readonly rounds: number;
  readonly results: Results;
  ours(name: string, args: readonly string[], reset?: () => void): Contender;
}

export const tool = fileURLToPath(new URL("../bin/codex-backup", import.meta.url));

/** Of all but what marks a destination. */
export function emptyFolder(path: string): void {
  for (const name of readdirSync(path))
    if (!name.startsWith(".codex-backup") && name !== "RESTORE-v1.md")
      rmSync(join(path, name), { recursive: true });
}

/** Three jobs of one database, a capsule, and the checksums of the first job's destination. */
export function writeConfig(
  home: string,
  server: { socketDirectory: string; port: number; user: string },
): void {
  const postgres = `{ socket: ${server.socketDirectory}, port: ${server.port}, user: ${server.user}, database: codexdb }`;
  const job = (name: string, extra: string) =>
    `  ${name}:\n    postgres: ${postgres}\n    to: [${name}]\n    name: "{database}_{timestamp}"\n${extra}`;
  const places = ["plain", "packed", "archive", "replays"]
    .map((name) => `  ${name}: { path: ${join(home, name)} }\n`)
    .join("");
  writeFileSync(
    join(home, "codex-backup.yaml"),
    `version: 1\nstate: ${join(home, "state")}\ndestinations:\n${places}jobs:\n${job("plain", "    compress: none\n")}${job("packed", "    compress: zstd\n")}${job("archive", "    format: custom\n")}` +
      `  replays:\n    capsule: { root: ${join(home, "tree")} }\n    to: [replays]\n` +
      "  sums:\n    checksums: { destination: plain }\n",
  );
}
