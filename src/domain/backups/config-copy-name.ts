import type { Instant } from "../instant.ts";
import { formatTimestamp, parseTimestamp } from "../timestamp.ts";

/** An encrypted copy of the config file, beside the backups. */
export interface ConfigCopyName {
  readonly at: Instant;
  /** Twelve hexadecimal digits that tell one content, and those who can read it, from another. */
  readonly mark: string;
}

const form = /^codex-backup-config_(\d{8}T\d{6}Z)_([0-9a-f]{12})\.yaml\.age$/;

/** `codex-backup-config_20261123T010000Z_0123456789ab.yaml.age`: in the order of time when sorted by name. */
export function formatConfigCopy({ at, mark }: ConfigCopyName): string {
  return `codex-backup-config_${formatTimestamp(at)}_${mark}.yaml.age`;
}

/** Null for any other name. */
export function parseConfigCopy(name: string): ConfigCopyName | null {
  const [, time = "", mark = ""] = form.exec(name) ?? [];
  const at = parseTimestamp(time);
  return at === null ? null : { at, mark };
}

/** The name of the last one of these files; null when there is none. */
export function newestConfigCopy(names: readonly string[]): string | null {
  const copies = names.filter((name) => parseConfigCopy(name) !== null).sort();
  return copies.at(-1) ?? null;
}
