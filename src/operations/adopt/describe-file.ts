import { join } from "node:path";
import type { Destination, StoredFile } from "../../destinations/destination.ts";
import type { BackupFile } from "../../domain/backups/backup-file.ts";
import { parseBackupName } from "../../domain/backups/backup-name.ts";
import type { CapsuleFacts, Manifest, ManifestFile, PostgresFacts } from "../../domain/backups/manifest.ts";
import { Failure } from "../../domain/failure.ts";
import { formatInstant, type Instant, instant, parseInstant } from "../../domain/instant.ts";
import type { CapsuleJob, PostgresJob } from "../../domain/jobs/job.ts";
import { isAgeFile } from "../../encryption/encryption.ts";
import type { Context } from "../context.ts";
import { hashStream } from "../delivery/read-back.ts";
import { withLocalFile } from "../local-file.ts";
import { headOf } from "../restore/dump-source.ts";
import { readDumpFile } from "../run/read-dump-file.ts";

export interface Adoptable extends StoredFile {
  readonly base: string;
  readonly file: Extract<BackupFile, { readonly kind: "dump" | "capsule" }>;
  /** `file` is what lies inside of the encryption. */
  readonly isEncrypted: boolean;
  /** Its manifest stands already. */
  readonly isDescribed: boolean;
}

export interface Description {
  readonly job: PostgresJob | CapsuleJob;
  readonly destination: Destination;
  readonly destinationId: string;
  readonly runId: string;
  readonly file: Adoptable;
  readonly signal: AbortSignal;
}

/**
 * Reads a foreign file to its end and says what it holds. Throws when it is not whole. Of an encrypted one no more than
 * size and hash can be said.
 */
export async function describeFile(context: Context, description: Description): Promise<Manifest> {
  const { job, file } = description;
  const content = file.isEncrypted
    ? await describeSealed(job, description)
    : job.kind === "postgres"
      ? await describeDump(context, job, description)
      : await describeCapsule(context, job, description);
  const at = formatInstant(dateOf(job, file));
  return {
    format: "codex-backup-manifest",
    version: 1,
    id: file.base,
    runId: description.runId,
    job: job.name,
    kind: job.kind,
    database: content.database,
    host: context.host.name,
    slot: null,
    startedAt: at,
    finishedAt: at,
    outcome: "complete",
    tool: { name: "codex-backup", version: context.version },
    files: [content.file],
    checked: {
      level: file.isEncrypted ? "hashed" : "read",
      copies: { [description.destinationId]: "cached" },
    },
    // For whom, its header does not tell.
    ...(file.isEncrypted && { encryption: { recipients: [] } }),
    postgres: content.postgres === null ? null : dated(content.postgres, at),
    capsule: content.capsule,
    warnings: ["adopted: made by another tool; what its source held is not known"],
    labels: job.labels,
    previous: null,
    pruned: [],
    adopted: true,
  };
}

/** The manifest must name a moment of the snapshot; the file's own date is as near as anybody knows. */
function dated(facts: PostgresFacts, takenAt: string): PostgresFacts {
  return { ...facts, snapshot: { ...facts.snapshot, takenAt } };
}

interface Content {
  readonly database: string | null;
  readonly file: ManifestFile;
  readonly postgres: PostgresFacts | null;
  readonly capsule: CapsuleFacts | null;
}

async function describeSealed(
  job: PostgresJob | CapsuleJob,
  { destination, file, signal }: Description,
): Promise<Content> {
  const head = await headOf((await destination.open(file.name)).stream);
  if (!isAgeFile(head)) {
    throw new Failure("encryption.damaged", `Cannot adopt "${file.name}": it does not begin as an age file`, {
      hint: "Name it by what it is, or keep it outside of the destination.",
    });
  }
  const stored = await hashStream((await destination.open(file.name)).stream, signal, () => {});
  const compression = file.file.kind === "dump" ? file.file.compression : "none";
  const role = file.file.kind;
  return {
    database: job.kind === "postgres" ? databaseOf(job, file) : null,
    file: { path: file.name, role, ...stored, compression, encryption: "age", content: null },
    postgres: null,
    capsule: null,
  };
}

async function describeDump(
  context: Context,
  job: PostgresJob,
  { destination, file, signal }: Description,
): Promise<Content> {
  if (file.file.kind !== "dump")
    throw new Failure("usage.refused", `Cannot adopt "${file.name}": it is no dump`);
  const { format, compression } = file.file;
  const { stream } = await destination.open(file.name);
  const onBytes = (doneBytes: number) =>
    context.onProgress({
      subject: job.name,
      step: "verify",
      doneBytes,
      totalBytes: file.sizeBytes,
      current: file.name,
    });
  const dump = { name: file.name, format, compression, source: job.source };
  const { stored, content, read } = await readDumpFile(context.postgres, dump, {
    stored: stream,
    signal,
    onBytes,
  });
  if (!read.isComplete) {
    throw new Failure(
      "postgres.dump-truncated",
      `Cannot adopt "${file.name}": it does not end in pg_dump's trailer, so its dump was cut short`,
      {
        hint: "Remove it, or keep it outside of the destination: it cannot be restored whole.",
      },
    );
  }
  return {
    database: databaseOf(job, file),
    file: { path: file.name, role: "dump", ...stored, compression, content },
    postgres: { ...unknownFacts, format, fingerprint: read.fingerprint },
    capsule: null,
  };
}

/** What only the server could have told when the dump was made. */
const unknownFacts = {
  systemIdentifier: "unknown",
  serverVersionNum: 0,
  serverVersion: "unknown",
  clientVersion: "unknown",
  encoding: "unknown",
  locale: {
    provider: "unknown",
    collate: "unknown",
    ctype: "unknown",
    icuLocale: null,
    collationVersion: null,
  },
  databaseSizeBytes: 0,
  extensions: [],
  collations: [],
  roles: [],
  snapshot: { name: "unknown", lsn: "unknown", xmin: "unknown", takenAt: "unknown" },
  leftOut: [],
} as const;

async function describeCapsule(
  context: Context,
  job: CapsuleJob,
  { destination, file, signal }: Description,
): Promise<Content> {
  const passed = await hashStream((await destination.open(file.name)).stream, signal, () => {});
  const place = {
    localPath: destination.localPath(file.name),
    open: () => destination.open(file.name),
    workPath: join(context.statePath, "work"),
  };
  const entries = await withLocalFile(place, (path) => context.capsules.checkForeign(path, { signal }));
  return {
    database: null,
    file: { path: file.name, role: "capsule", ...passed, compression: "none", content: passed },
    postgres: null,
    capsule: { root: job.source.root, entries, leftOut: [] },
  };
}

/** From the job's own template, else a date anywhere in the name, else the file's own time. */
function dateOf(job: PostgresJob | CapsuleJob, file: Adoptable): Instant {
  const parsed = parseBackupName(job.nameTemplate, file.base, { timezone: job.timezone, job: job.name });
  return parsed?.at ?? dateInName(file.base) ?? instant(Math.floor(file.modifiedMs));
}

/** 2026-11-23, 20261123, each with an optional time of day behind it (as UTC). */
function dateInName(base: string): Instant | null {
  const found = /(20\d\d)-?(\d\d)-?(\d\d)(?:[T_-]?([01]\d|2[0-3])-?:?([0-5]\d)-?:?([0-5]\d))?/.exec(base);
  if (!found) return null;
  const [, year, month, day, hour = "00", minute = "00", second = "00"] = found;
  return parseInstant(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

function databaseOf(job: PostgresJob, file: Adoptable): string | null {
  const parsed = parseBackupName(job.nameTemplate, file.base, { timezone: job.timezone, job: job.name });
  if (parsed?.database) return parsed.database;
  const [only, second] = job.databases.kind === "named" ? job.databases.names : [];
  return second === undefined ? (only ?? null) : null;
}
