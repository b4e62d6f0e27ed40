import { z } from "zod";
import { type Instant, instant, parseInstant } from "../instant.ts";
import { formatStableJson, parseJsonAs } from "../json.ts";

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
  finishedAt: z.string().refine((text) => parseInstant(text) !== null),
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

/** The bytes that are signed; equal receipts give equal bytes. */
export function formatProofReceipt(receipt: ProofReceipt): string {
  return formatStableJson(receipt);
}

/**
 * Null when it is no receipt that this version knows, or one without a readable end, which could not be put in order
 * with the others: it then says nothing, neither for its copy nor against it.
 */
export function parseProofReceipt(text: string): ProofReceipt | null {
  return parseJsonAs(schema, text);
}

/** When the proof was done; the order of the receipts of one copy, and its time in the catalog. */
export function endOfProof({ finishedAt }: Pick<ProofReceipt, "finishedAt">): Instant {
  return instant(Date.parse(finishedAt)); // what parseProofReceipt lets through, and formatInstant writes, is a moment
}
