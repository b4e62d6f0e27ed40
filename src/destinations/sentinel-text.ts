import { formatInstant, type Instant } from "../domain/instant.ts";
import { formatStableJson, parseJson } from "../domain/json.ts";

/** What `.codex-backup` says at every kind of destination. */
export interface SentinelContent {
  readonly id: string;
  readonly createdAt: Instant;
  /** "codex-backup 0.1.0" */
  readonly tool: string;
}

/** The sentinel's text. */
export function formatSentinel({ id, createdAt, tool }: SentinelContent): string {
  return formatStableJson({ id, createdAt: formatInstant(createdAt), tool });
}

/** The destination's id; null for what codex-backup has not written. */
export function parseSentinel(text: string): string | null {
  const value = parseJson(text); // no JSON is as foreign as the wrong JSON
  if (typeof value !== "object" || value === null || !("id" in value)) return null;
  return typeof value.id === "string" && value.id !== "" ? value.id : null;
}
