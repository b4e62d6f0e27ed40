import { z } from "zod";
import { formatStableJson, parseJsonAs } from "../json.ts";

const schema = z.object({
  format: z.literal("codex-backup-custody"),
  version: z.literal(1),
  recipient: z.string(),
  /**
   * "exported": it was made here and given out. "confirmed": a person has opened something with its secret key. "seen": this
   * machine lost its state, and an earlier backup at a destination was made for it, which the first two alone allow.
   */
  how: z.enum(["exported", "confirmed", "seen"]),
  /** ISO 8601, UTC. */
  at: z.string(),
  /** Who typed the command; of "seen", the backup. */
  who: z.string(),
});

/** That somebody outside of this machine holds the secret key of a recipient, kept as STATE/keys/custody-RECIPIENT.json. */
export type Custody = Readonly<z.infer<typeof schema>>;

/** Equal custodies give equal bytes. */
export function formatCustody(custody: Custody): string {
  return formatStableJson(custody);
}

/** Null when it is none that this version knows: it then proves nothing. */
export function parseCustody(text: string): Custody | null {
  return parseJsonAs(schema, text);
}

/** A recipient and who holds its secret key. */
export interface RecipientReport {
  readonly recipient: string;
  /** That encrypt for it; empty: none does. */
  readonly jobs: readonly string[];
  /** Its secret key lies on this machine. */
  readonly isHere: boolean;
  /** Null: nobody outside of this machine is known to hold it, and runs refuse. */
  readonly custody: Pick<Custody, "how" | "at" | "who"> | null;
}
