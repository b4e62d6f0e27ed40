import { z } from "@hono/zod-openapi";
import { anomalyKinds } from "../domain/anomalies/anomaly.ts";
import { rulePoints } from "../domain/copies/copies-rule.ts";
import { readBacks } from "../domain/copies/read-back.ts";
import { type FailureCode, failureTable } from "../domain/failure-table.ts";
import { concernKinds } from "../domain/health/status-report.ts";
import { levels } from "../domain/level.ts";

// What the answers look like, for the OpenAPI document; a test compares them with real answers.

const time = z.iso.datetime().describe("ISO 8601, UTC");
const codes = Object.keys(failureTable) as [FailureCode, ...FailureCode[]]; // proven: the table's own keys, which are not none
const failure = z.strictObject({ code: z.enum(codes), message: z.string(), hint: z.string().nullable() });
const outcome = z.enum(["complete", "incomplete", "failed", "skipped"]);
const level = z.enum(levels);

export const errorBody = z.strictObject({ error: failure });

/** Names of jobs in paths and bodies, as the config allows them, and of those that prove them. */
export const jobName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,47}(:prove)?$/, { error: () => "no name of a job" });

/** A backup's id is part of file names: no slash, no control character, no dot at the front. */
export const backupId = z
  .string()
  .max(255)
  .regex(/^(?![.\- ])[^/\\\p{Cc}]+$/u, { error: () => "no id of a backup" });

export const runId = z.string().regex(/^\d{8}T\d{6}Z-[0-9a-f]{6}$/, { error: () => "no id of a run" });

/** How many of a list, and after which one. */
export const limit = z.coerce.number().int().min(1).max(500).default(50);

const aged = z.strictObject({ id: z.string(), createdAt: time, ageMs: z.number(), level });

const recovery = z.strictObject({
  estimateMs: z.number().describe("How long a restore takes, by what proofs have measured"),
  lowMs: z.number(),
  highMs: z.number(),
  measuredAt: time,
  measuredMs: z.number(),
  measurements: z.number(),
  method: z.enum(["line", "newest"]),
});

export const jobStatus = z.looseObject({
  job: z.string(),
  kind: z.enum(["postgres", "capsule", "checksums", "command", "proof", "verify"]),
  database: z.string().nullable(),
  healthy: z.boolean(),
  rule: z.string(),
  reason: z.string(),
  lastRun: z
    .looseObject({
      runId: z.string(),
      outcome: outcome.nullable(),
      startedAt: time,
      summary: z.string(),
      failure: failure.nullable(),
    })
    .nullable(),
  newestGood: aged.nullable(),
  newestProven: aged.nullable(),
  lastProof: z
    .strictObject({
      backup: z.string(),
      at: time,
      outcome: z.enum(["proven", "mismatch", "failed"]),
      durationMs: z.number(),
      summary: z.string(),
    })
    .nullable(),
  recovery: recovery.nullable(),
  rtoMs: z.number().nullable(),
  concerns: z.array(
    z.strictObject({
      kind: z.enum(concernKinds),
      message: z.string(),
      nextStep: z.string(),
      since: time.nullable(),
      findings: z.array(z.string()).optional(),
      isGrave: z.literal(true).optional(),
    }),
  ),
  copiesRule: z
    .looseObject({
      backup: z.string(),
      copies: z.number(),
      media: z.number(),
      offSite: z.number(),
      immutable: z.number(),
      errors: z.number(),
      lacking: z.array(z.enum(rulePoints)),
      summary: z.string(),
    })
    .nullable()
    .describe("The 3-2-1-1-0 rule, counted for the newest good backup"),
  nextSlot: time.nullable(),
  sizeBytes: z.number().nullable(),
});

export const destination = z.looseObject({
  name: z.string(),
  location: z.string(),
  id: z.string().nullable(),
  freeBytes: z.number().nullable(),
  totalBytes: z.number().nullable(),
  warnings: z.array(z.string()),
  failure: failure.nullable(),
});

export const backup = z.looseObject({
  id: z.string(),
  job: z.string(),
  database: z.string().nullable(),
  kind: z.enum(["postgres", "capsule"]),
  createdAt: time,
  sizeBytes: z.number(),
  outcome: z.enum(["complete", "incomplete"]),
  level,
  provenAt: time.nullable(),
  held: z.boolean(),
  anomalies: z.array(z.strictObject({ kind: z.enum(anomalyKinds), message: z.string() })),
  suspect: z.boolean().describe("It has anomalies that nobody has accepted"),
  adopted: z.boolean(),
  copies: z.array(
    z.looseObject({
      destination: z.string(),
      path: z.string().nullable(),
      state: z.enum(["whole", "missing", "damaged", "removing"]),
      level,
      readBack: z.enum(readBacks).nullable(),
      checkedAt: time.nullable(),
      immutable: z
        .strictObject({ by: z.enum(["object-lock", "sworn"]), until: time.nullable() })
        .nullable()
        .describe("Why nobody can remove it now, and until when at least; null: it can be removed"),
    }),
  ),
});

export const shownBackup = backup.extend({
  proofs: z.array(
    z.strictObject({
      destination: z.string().nullable(),
      at: time,
      outcome: z.enum(["proven", "mismatch", "failed"]),
      durationMs: z.number(),
      restoreMs: z.number().nullable(),
      server: z.string().nullable(),
      openedBy: z.string().nullable(),
      summary: z.string(),
      failure: failure.nullable(),
    }),
  ),
});

export const run = z.strictObject({
  runId: z.string(),
  job: z.string(),
  database: z.string().nullable(),
  slot: time.nullable(),
  startedAt: time,
  finishedAt: time.nullable(),
  outcome: outcome.nullable(),
  backupId: z.string().nullable(),
  failure: failure.nullable(),
  warnings: z.array(z.string()),
  summary: z.string(),
});

export const backgroundWork = z.strictObject({
  id: z.string(),
  kind: z.enum(["verify", "prove", "prune"]),
  target: z.string(),
  state: z.enum(["running", "done", "failed"]),
  startedAt: time,
  finishedAt: time.nullable(),
  result: z.array(z.looseObject({})).nullable(),
  failure: failure.nullable(),
});

/** A document of one key, with its version as in --json. */
export function documentOf<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject({ schemaVersion: z.literal(1), ...shape });
}

export { z };
