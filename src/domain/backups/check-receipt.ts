import { z } from "zod";
import { readBacks } from "../copies/read-back.ts";
import { formatStableJson, parseJsonAs } from "../json.ts";
import { levels } from "../level.ts";

const schema = z.object({
  format: z.literal("codex-backup-check"),
  version: z.literal(1),
  /** The backup's id and job. */
  backup: z.string(),
  job: z.string(),
  destinationId: z.string(),
  /** ISO 8601, UTC. */
  checkedAt: z.string(),
  /** "unknown": damage was found. */
  level: z.enum(levels),
  /** Of damage: how deep the check went that found it, and the next must go to clear it. */
  foundAt: z.enum(levels).exactOptional(),
  /** "sample" and "head": not every byte was read, and the level says no more than "stored". */
  readBack: z.enum(readBacks).nullable(),
  /** Of the manifest that was checked against. */
  manifestSha256: z.string(),
  tool: z.string(),
});

/** What a check of one copy found, kept beside the backup as NAME.check-TIME.json. */
export type CheckReceipt = Readonly<z.infer<typeof schema>>;

/** Equal receipts give equal bytes. */
export function formatCheckReceipt(receipt: CheckReceipt): string {
  return formatStableJson(receipt);
}

/** Null when it is no receipt that this version knows: it then raises nothing. */
export function parseCheckReceipt(text: string): CheckReceipt | null {
  return parseJsonAs(schema, text);
}
