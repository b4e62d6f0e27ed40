import { z } from "zod";
import { formatStableJson, parseJsonAs } from "../json.ts";

const schema = z.object({
  format: z.literal("codex-backup-mark"),
  version: z.literal(1),
  kind: z.enum(["hold", "accepted"]),
  backup: z.string(),
  job: z.string(),
  who: z.string(),
  /** ISO 8601, UTC. */
  at: z.string(),
  why: z.string(),
});

/** What NAME.hold and NAME.accepted say: who protects or accepted a backup, when, and why. */
export type Mark = Readonly<z.infer<typeof schema>>;

/** Equal marks give equal bytes. */
export function formatMark(mark: Mark): string {
  return formatStableJson(mark);
}

/** Null when the text is none that this version knows. The file protects all the same: its name counts. */
export function parseMark(text: string): Mark | null {
  return parseJsonAs(schema, text);
}
