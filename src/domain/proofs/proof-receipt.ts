import { z } from "zod";
import { formatStableJson } from "../json.ts";

const side = z.object({ rows: z.int().nullable(), sha256: z.string().nullable() });

const schema = z.looseObject({
  format: z.literal("codex-backup-proof"),
  version: z.literal(1),
  /** The backup's id, job and database. */
  backup: z.string(),
  job: z.string(),
  database: z.string().nullable(),
  destinationId: z.string(),
  /** Of the manifest that was proven against. */
  manifestSha256: z.string(),
  /** ISO 8601, UTC. */
  startedAt: z.string(),
  finishedAt: z.string(),
  /**
   * "proven": restored, and what it dumps back is equal. "mismatch": a difference was found, or an assertion is not
   * true. "failed": nothing can be said; why is in `failure`.
   */
  outcome: z.enum(["proven", "mismatch", "failed"]),
  /** Where it was restored: "PostgreSQL 15.20, programs of this host", "a directory of this host". */
  server: z.string().nullable(),
  durationMs: z.int(),
  /** Of that, until the restore itself was done: the measured recovery time. */
  restoreMs: z.int().nullable(),
  /** Uncompressed, unencrypted bytes that were restored. */
  contentBytes: z.int(),
  /** The recipient whose identity decrypted it; null: not encrypted. */
  openedBy: z.string().nullable(),
  /** Rows, sequences, large objects, statements and files that were compared. */
  compared: z.record(z.string(), z.int()),
  tables: z.array(
    z.object({ schema: z.string(), name: z.string(), recorded: side, restored: side, match: z.boolean() }),
  ),
  differences: z.array(z.string()),
  /** What cannot be proven, and why. */
  unproven: z.array(z.object({ object: z.string(), reason: z.string() })),
  assertions: z.array(
    z.object({
      sql: z.string(),
      outcome: z.enum(["true", "false", "failed"]),
      message: z.string().nullable(),
    }),
  ),
  /** WARNING and NOTICE of the restore. */
  warnings: z.array(z.string()),
  failure: z.object({ code: z.string(), message: z.string(), hint: z.string().nullable() }).nullable(),
  tool: z.string(),
});

/** What a proof found, kept beside the backup as NAME.proof-TIME.json. */
export type ProofReceipt = Readonly<z.infer<typeof schema>>;

export function formatProofReceipt(receipt: ProofReceipt): string {
  return formatStableJson(receipt);
}

/** Null when it is no receipt that this version knows: it then raises nothing. */
export function parseProofReceipt(text: string): ProofReceipt | null {
  try {
    const parsed = schema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
