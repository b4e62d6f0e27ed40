import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const pending = new Map<object, () => void>();

/**
 * Registers what must be undone, at the latest when this process exits. The callback must be synchronous.
 * The returned function does it now, once.
 */
export function onCleanup(undo: () => void): () => void {
  if (pending.size === 0) process.once("exit", cleanUpAll);
  const key = {};
  pending.set(key, undo);
  return () => {
    if (pending.delete(key)) undo();
  };
}

function cleanUpAll(): void {
  for (const undo of [...pending.values()].reverse()) {
    try {
      undo();
    } catch (error) {
      process.stderr.write(`clean-up failed: ${error instanceof Error ? error.message : String(error)}\n`);
    }
  }
  pending.clear();
}

/** A new directory under the system's temporary one, removed when this process exits. */
export function temporaryDirectory(purpose: string): string {
  const path = mkdtempSync(join(tmpdir(), `codex-test-${purpose}-`));
  onCleanup(() => rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 }));
  return path;
}
