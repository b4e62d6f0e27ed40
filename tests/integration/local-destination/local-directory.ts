import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Destination } from "../../../src/destinations/destination.ts";
import { createLocalDestination } from "../../../src/destinations/local/local-destination.ts";
import type { LocalSettings } from "../../../src/destinations/local/settings.ts";
import { createSystemClock } from "../../../src/platform/clock.ts";
import { createSystemHost } from "../../../src/platform/host.ts";
import { createSilentLog } from "../../../src/platform/log.ts";
import { plainTraits } from "../../fakes/plain-traits.ts";

/** A fresh directory for one test, which removes it. */
export function createTestDirectory(): string {
  return mkdtempSync(join(tmpdir(), "local-destination-"));
}

/** A destination named "backups" with private files and nobody else's owner. */
export function localDestination(path: string, changes: Partial<LocalSettings> = {}): Destination {
  const settings = {
    name: "backups",
    path,
    owner: null,
    fileMode: 0o600,
    directoryMode: 0o700,
    traits: plainTraits,
    ...changes,
  };
  let tokens = 0;
  return createLocalDestination(settings, {
    clock: createSystemClock(),
    log: createSilentLog(),
    host: createSystemHost(),
    randomToken: (length) => `${process.pid}x${(tokens++).toString(36)}`.padEnd(length, "0"),
    tool: "codex-backup 0.0.0",
  });
}

/** A real, small tmpfs, unmounted afterwards. Needs root. */
export async function withTmpfs(options: string, work: (path: string) => Promise<void>): Promise<void> {
  const path = createTestDirectory();
  execFileSync("mount", ["-t", "tmpfs", "-o", `mode=0700,${options}`, "tmpfs", path]);
  try {
    await work(path);
  } finally {
    execFileSync("umount", [path]);
    rmSync(path, { recursive: true });
  }
}
