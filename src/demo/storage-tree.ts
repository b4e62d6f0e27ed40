import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

export interface StorageTreeOptions {
  /** Files beside audit.log; default 24. Half lie in ledger/, half in annals/. */
  readonly files?: number;
  /** Size of the smallest of them; the largest is eight times that. Default 500. */
  readonly fileBytes?: number;
}

/**
 * Makes the artifact tree of Super-Codex-AI under `root` (created when missing): audit.log, and ledger/ and
 * annals/ with sub-folders by year and month in which equal file names occur, as the old flat zip lost them.
 * The same options give the same bytes. Returns the paths made, relative to the root, sorted.
 */
export function makeStorageTree(root: string, options: StorageTreeOptions = {}): readonly string[] {
  const { files = 24, fileBytes = 500 } = options;
  const numbers = Array.from({ length: files }, (_, index) => index);
  const contents = new Map(numbers.map((n) => [pathOf(n), textOf(n, fileBytes * (1 + (n % 8)))] as const));
  contents.set("audit.log", auditLog(200));
  contents.set("annals/2026/Größe & 記録.json", '{"name": "not ASCII"}\n');
  contents.set("ledger/empty.json", "");
  for (const [path, text] of contents) {
    mkdirSync(dirname(join(root, path)), { recursive: true, mode: 0o750 });
    writeFileSync(join(root, path), text, { mode: 0o640 });
  }
  return [...contents.keys()].sort();
}

/** Ledger and annals hold the same names: ledger/2025/03/entry-2.json and annals/2025/03/entry-2.json. */
function pathOf(n: number): string {
  const folder = n % 2 === 0 ? "ledger" : "annals";
  const index = Math.floor(n / 2);
  const month = String(1 + (Math.floor(index / 4) % 12)).padStart(2, "0");
  const year = 2025 + (Math.floor(index / 48) % 2);
  const batch = Math.floor(index / 96);
  return `${folder}/${year}/${month}/entry-${batch === 0 ? "" : `${batch}-`}${index % 4}.json`;
}

function textOf(n: number, sizeBytes: number): string {
  const line = `{"n": ${n}, "digest": "${createHash("sha256").update(String(n)).digest("hex")}"}\n`;
  return line.repeat(Math.ceil(sizeBytes / line.length)).slice(0, sizeBytes);
}

function auditLog(lines: number): string {
  const numbers = Array.from({ length: lines }, (_, index) => index);
  return numbers.map((n) => `2026-01-01T00:${String(n % 60).padStart(2, "0")}:00Z entry ${n}\n`).join("");
}
