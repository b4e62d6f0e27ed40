import { z } from "zod";
import { formatStableJson } from "../json.ts";

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

export function formatKeyExport(kept: KeyExport): string {
  return formatStableJson(kept);
}

/** Null when it is none that this version knows: the key then counts as never exported. */
export function parseKeyExport(text: string): KeyExport | null {
  try {
    return schema.safeParse(JSON.parse(text)).data ?? null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
