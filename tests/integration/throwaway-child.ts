/** A restore for proof in a process of its own: throwaway-child.ts SETTINGS (JSON). Kills itself in the middle of it. */
import { readFileSync } from "node:fs";
import type { PostgresFacts } from "../../src/domain/backups/manifest.ts";
import type { ThrowawayChoice } from "../../src/domain/jobs/prove-settings.ts";
import { postgresRoom } from "./postgres-at.ts";
import { type Backup, dumpOf, wishFor } from "./throwaway-scene.ts";

export interface ThrowawaySettings {
  readonly workPath: string;
  readonly choice: ThrowawayChoice;
  readonly env: Readonly<Record<string, string>>;
  /** Files with the parts of a backup. */
  readonly dump: string;
  readonly header: string;
  readonly globals: string;
  readonly facts: string;
  /** Where it ends: while rows are sent, or when all is restored. */
  readonly dieAt: "restore" | "restored";
}

// Written by killProof in throwaway-kill.test.ts.
const settings = JSON.parse(process.argv[2] ?? "") as ThrowawaySettings;
const backup: Backup = {
  dump: readFileSync(settings.dump),
  header: readFileSync(settings.header),
  globals: readFileSync(settings.globals),
  facts: JSON.parse(readFileSync(settings.facts, "utf8")) as PostgresFacts, // written by the same test
};
const die = () => process.kill(process.pid, "SIGKILL");
const { workPath, choice, env, dieAt } = settings;
const throwaway = await postgresRoom({ env }).openThrowaway(wishFor(backup, { workPath, choice }));
await throwaway.restore({
  ...dumpOf(backup),
  onProgress: (doneBytes) => {
    if (dieAt === "restore" && doneBytes > backup.dump.length / 2) die();
  },
});
die();
