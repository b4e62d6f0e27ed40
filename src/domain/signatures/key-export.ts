import { z } from "zod";
import { formatStableJson, parseJsonAs } from "../json.ts";

const schema = z.object({
  format: z.literal("codex-backup-key-export"),
  version: z.literal(1),
  keyId: z.string(),
  /** ISO 8601, UTC. */
  at: z.string(),
  who: z.string(),
});

/** That the signing key was given out, kept as STATE/keys/exported.json. */
export type KeyExport = Readonly<z.infer<typeof schema>>;

/** Equal exports give equal bytes. */
export function formatKeyExport(kept: KeyExport): string {
  return formatStableJson(kept);
}

/** Null when it is none that this version knows: the key then counts as never exported. */
export function parseKeyExport(text: string): KeyExport | null {
  return parseJsonAs(schema, text);
}
