import { z } from "zod";
import { anomalyKinds } from "../anomalies/anomaly.ts";
import { parseInstant } from "../instant.ts";
import { levels } from "../level.ts";
import { driftSchema, referencesSchema, setFactsSchema } from "../sets/set-schema.ts";
import { parseBackupFile } from "./backup-file.ts";
import type { Manifest } from "./manifest.ts";

const count = z.int().nonnegative();
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "not a sha256 in lower-case hex");
const moment = z.string().refine((text) => parseInstant(text) !== null, "not a moment with a zone");
const plainName = z.string().refine(isPlainName, "not a plain file name");

const table = z.looseObject({
  schema: z.string(),
  name: z.string(),
  columns: z.array(z.string()),
  rows: count,
  bytes: count,
  sha256,
  blocks: count,
});

const objectOfSchema = z.looseObject({
  type: z.string(),
  schema: z.string(),
  name: z.string(),
  sha256: z.string().regex(/^[0-9a-f]{16}$/, "not the first 16 digits of a sha256"),
});

const fingerprint = z.looseObject({
  tables: z.array(table),
  sequences: z.array(
    z.looseObject({ schema: z.string(), name: z.string(), value: z.string(), isCalled: z.boolean() }),
  ),
  largeObjects: z.array(z.looseObject({ oid: z.string(), sizeBytes: count, sha256 })),
  schemaSha256: sha256,
  objects: z.record(z.string(), count),
  entries: z.array(objectOfSchema).exactOptional(),
});

export const postgresFactsSchema = z.looseObject({
  format: z.enum(["sql", "custom"]),
  systemIdentifier: z.string(),
  serverVersionNum: count,
  serverVersion: z.string(),
  clientVersion: z.string(),
  encoding: z.string(),
  locale: z.looseObject({
    provider: z.string(),
    collate: z.string(),
    ctype: z.string(),
    icuLocale: z.string().nullable(),
    collationVersion: z.string().nullable(),
  }),
  databaseSizeBytes: count,
  extensions: z.array(z.looseObject({ name: z.string(), version: z.string(), schema: z.string() })),
  collations: z.array(
    z.looseObject({ name: z.string(), provider: z.string(), version: z.string().nullable() }),
  ),
  roles: z.array(z.string()),
  snapshot: z.looseObject({ name: z.string(), lsn: z.string(), xmin: z.string(), takenAt: moment }),
  fingerprint,
  leftOut: z.array(z.looseObject({ object: z.string(), reason: z.string() })),
});

const entry = z.looseObject({
  path: z.string().refine(isInnerPath, "leads out of the capsule"),
  pathBytes: z.base64().exactOptional(),
  type: z.enum(["file", "directory", "symlink"]),
  sizeBytes: count,
  modifiedAt: moment,
  mode: z.string().regex(/^[0-7]{3,5}$/, "not permission bits in octal"),
  sha256: sha256.nullable(),
  state: z.enum(["stable", "grown", "changed"]),
});

export const capsuleFactsSchema = z.looseObject({
  root: z.string(),
  entries: z.array(entry),
  leftOut: z.array(z.looseObject({ path: z.string(), reason: z.string() })),
  drift: driftSchema.exactOptional(),
  references: referencesSchema.exactOptional(),
});

export const contentSchema = z.looseObject({ sizeBytes: count, sha256 });

const file = z.looseObject({
  path: plainName,
  role: z.enum(["dump", "globals", "database", "capsule", "private"]),
  sizeBytes: count,
  sha256,
  compression: z.enum(["none", "gzip", "zstd"]),
  encryption: z.literal("age").exactOptional(),
  content: contentSchema.nullable(),
});

/** Strict about what it knows, and keeps what it does not know. */
export const manifestSchema: z.ZodType<Manifest> = z
  .looseObject({
    format: z.literal("codex-backup-manifest"),
    version: z.literal(1),
    id: plainName,
    runId: plainName,
    job: z.string().min(1),
    kind: z.enum(["postgres", "capsule"]),
    database: z.string().nullable(),
    host: z.string(),
    slot: moment.nullable(),
    startedAt: moment,
    finishedAt: moment,
    outcome: z.enum(["complete", "incomplete"]),
    tool: z.looseObject({ name: z.literal("codex-backup"), version: z.string() }),
    files: z.array(file).min(1, "a backup without files proves nothing"),
    checked: z.looseObject({
      level: z.enum(levels),
      copies: z.record(z.string(), z.enum(["direct", "cached"])),
    }),
    encryption: z.looseObject({ recipients: z.array(z.string()) }).exactOptional(),
    set: setFactsSchema.exactOptional(),
    anomalies: z.array(z.looseObject({ kind: z.enum(anomalyKinds), message: z.string() })).exactOptional(),
    postgres: postgresFactsSchema.nullable(),
    capsule: capsuleFactsSchema.nullable(),
    warnings: z.array(z.string()),
    labels: z.record(z.string(), z.string()),
    previous: sha256.nullable(),
    previousId: plainName.exactOptional(),
    pruned: z.array(plainName),
    unaccounted: z.array(plainName).exactOptional(),
    adopted: z.boolean(),
  })
  .superRefine(({ id, files }, context) => {
    const seen = new Set<string>();
    for (const [index, { path, encryption, content }] of files.entries()) {
      const message = seen.has(path) ? "named twice" : isOwnFile(path, id) ? null : `not a file of "${id}"`;
      seen.add(path);
      if (message !== null) context.addIssue({ code: "custom", path: ["files", index, "path"], message });
      if (content !== null || encryption === "age") continue;
      // Else nothing would say what the file must hold.
      const missing = "may be left to the private part only where the file is encrypted";
      context.addIssue({ code: "custom", path: ["files", index, "content"], message: missing });
    }
  });

/** One name in one directory: nothing that climbs, hides, or breaks a line. */
function isPlainName(text: string): boolean {
  return /^[^./\\\p{Cc}\p{Zl}\p{Zp}][^/\\\p{Cc}\p{Zl}\p{Zp}]*$/u.test(text) && text.isWellFormed();
}

/**
 * Every file of a backup carries its id. Other backups' files, their manifests, our sentinel and the
 * directory's checksums do not, so no manifest can make us read or delete them.
 */
function isOwnFile(path: string, id: string): boolean {
  if (/^(checksums.*\.txt|RESTORE-v.*\.md)$/.test(path)) return false;
  const carriesId = ["", "globals_", "database_"].some(
    (prefix) => path === prefix + id || path.startsWith(`${prefix}${id}.`),
  );
  const named = parseBackupFile(path);
  if (named === null) return carriesId;
  const content = named.file.kind === "encrypted" ? named.file.of : named.file;
  return named.base === id && ["dump", "capsule", "globals", "database", "private"].includes(content.kind);
}

function isInnerPath(path: string): boolean {
  const segments = path.replace(/\/$/, "").split("/");
  return (
    !path.includes("\0") && segments.every((segment) => segment !== "" && segment !== "." && segment !== "..")
  );
}
