import { spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface AfterUs {
  /** Does it now. Settles when it is done; may be called twice. */
  readonly now: () => Promise<void>;
}

/**
 * Runs a shell script once this process is gone, whatever ended it (SIGKILL too): a shell waits for the end
 * of its input, which the kernel sends. `args` are the script's $1, $2, …
 */
export function afterUs(
  script: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): AfterUs {
  const watcher = spawn("sh", ["-c", `read -r _\n${script}`, "after-us", ...args], {
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", ...env },
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  const gone = new Promise<void>((resolve) => watcher.once("exit", () => resolve()));
  const input = watcher.stdin;
  watcher.unref();
  // A child's pipe is a socket, which alone has unref; waiting for the watcher must not keep us alive.
  if ("unref" in input && typeof input.unref === "function") input.unref();
  return {
    async now() {
      watcher.ref();
      input.end();
      await gone;
    },
  };
}

/** A new directory under the system's temporary one, removed when this process is gone. */
export function temporaryDirectory(purpose: string): string {
  const path = mkdtempSync(join(tmpdir(), `codex-test-${purpose}-`));
  // A second time, for what a server that is just ending still wrote during the first.
  afterUs('rm -rf "$1" || { sleep 0.3; rm -rf "$1"; }', [path], {});
  return path;
}
