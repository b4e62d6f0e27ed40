import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { isZip } from "../../capsule/capsule.ts";
import type { BackupRow } from "../../catalog/catalog.ts";
import type {
  DatabaseRestored,
  PreflightFinding,
  RestoreReport,
} from "../../domain/backups/restore-report.ts";
import { Failure } from "../../domain/failure.ts";
import type { Decryptor } from "../../encryption/encryption.ts";
import type { Context } from "../context.ts";
import { findBackup } from "../find-backup.ts";
import type { RestoreRequest } from "../operation.ts";
import { recoveryOfBackup } from "../proof-status.ts";
import { unlikeRecords } from "../unlike-records.ts";
import { filesBeside, filesOfCopy } from "./backup-files.ts";
import { type ChosenCopy, chooseCopy } from "./choose-copy.ts";
import { type DumpSource, dumpOfBackup, dumpOfFile, headOf, openBarePlain } from "./dump-source.ts";
import { knownAnomalies } from "./known-anomalies.ts";
import { knownDamage } from "./known-damage.ts";
import { restoreCapsule } from "./restore-capsule.ts";
import { restoreDatabase } from "./restore-database.ts";
import { serverJob } from "./server-job.ts";
import { demandUndenied } from "./unlike-beside.ts";
import { openIdentity } from "./unseal.ts";

/** Restores a backup that the catalog knows, or a bare file: a dump into a database, a capsule into a directory. */
export async function restore(context: Context, request: RestoreRequest): Promise<RestoreReport> {
  const row = await knownBackup(context, request);
  const decryptor = await openIdentity(context, request.identity ?? null);
  if (row === null)
    return restoreFile(context, request, { path: pathFrom(request, request.backup), decryptor });
  const copy = await chooseCopy(context, row, (found) => demandRecorded(context, found));
  const files = filesOfCopy(copy);
  const damage = knownDamage(context, row, copy);
  if (row.kind !== "capsule") {
    const dump = await dumpOfBackup(files, decryptor);
    const contentBytes = dump.expected?.sizeBytes ?? dump.sizeBytes;
    return intoDatabase(context, request, {
      dump,
      job: row.job,
      known: [...(damage === null ? [] : [damage]), ...knownAnomalies(row)],
      estimate: recoveryOfBackup(context, row, contentBytes),
    });
  }
  if (damage === null) return restoreCapsule(context, { ...intoDirectory(request), from: files, decryptor });
  throw new Failure("backup.mismatch", `Cannot restore "${row.id}": ${damage.message}`, {
    hint: damage.hint,
  });
}

/** Throws "backup.mismatch" for a copy whose manifest is another one than was signed or recorded. */
async function demandRecorded(context: Context, { destination, stored }: ChosenCopy): Promise<void> {
  const unlike = await unlikeRecords(context, destination, stored);
  if (unlike.length === 0) return;
  const { id } = stored.manifest;
  throw new Failure(
    "backup.mismatch",
    `Cannot restore "${id}" from "${destination.name}": ${unlike.join("; ")}`,
    {
      hint: 'Restore another backup; "codex-backup verify" tells which copies are good.',
    },
  );
}

/** Both names of the target as absolute paths, so that they are compared as the same kind of thing. */
function intoDirectory(request: RestoreRequest): RestoreRequest {
  const { to, overwrite, tables = [], schemas = [], roleMap, jobs } = request;
  if (tables.length + schemas.length + (roleMap?.size ?? 0) > 0 || jobs !== undefined) {
    throw new Failure(
      "usage.refused",
      `Cannot restore "${request.backup}" so: it is a capsule, without tables, roles and jobs`,
      { hint: "Name files of a capsule with --only." },
    );
  }
  const target = {
    to: pathFrom(request, to),
    overwrite: overwrite === null ? null : pathFrom(request, overwrite),
  };
  return { ...request, ...target };
}

function pathFrom({ cwd = "" }: Pick<RestoreRequest, "cwd">, path: string): string {
  return resolve(cwd, path);
}

/** Null when the name is a file's instead. Throws when it is neither. */
async function knownBackup(context: Context, request: RestoreRequest): Promise<BackupRow | null> {
  try {
    return findBackup(context, request.backup);
  } catch (error) {
    const isFile = await stat(pathFrom(request, request.backup)).then(
      (found) => found.isFile(),
      () => false,
    );
    if (isFile) return null;
    throw error;
  }
}

interface BareRestore {
  readonly path: string;
  readonly decryptor: Decryptor | null;
}

/** With all that a manifest beside it says, when there is one and nothing denies it. */
async function restoreFile(
  context: Context,
  request: RestoreRequest,
  { path, decryptor }: BareRestore,
): Promise<RestoreReport> {
  const files = await filesBeside(path);
  if (files !== null) await demandUndenied(context, files);
  const isCapsule =
    files === null
      ? isZip(await headOf(await openBarePlain(path, decryptor)))
      : files.manifest.kind === "capsule";
  if (isCapsule)
    return restoreCapsule(context, { ...intoDirectory(request), from: files ?? { path }, decryptor });
  const dump = await (files === null ? dumpOfFile(path, decryptor) : dumpOfBackup(files, decryptor));
  return intoDatabase(context, request, { dump, job: null, known: [], estimate: null });
}

interface DumpOfJob {
  readonly dump: DumpSource;
  /** The job that made it; null for a bare file. */
  readonly job: string | null;
  /** What is known of its copies beforehand. */
  readonly known: readonly PreflightFinding[];
  readonly estimate: DatabaseRestored["estimate"];
}

function intoDatabase(
  context: Context,
  request: RestoreRequest,
  { job, ...found }: DumpOfJob,
): Promise<RestoreReport> {
  const { source, name } = request.server
    ? { source: request.server, name: null }
    : serverJob(context, request.job ?? job);
  return restoreDatabase(context, { ...request, ...found, server: source, serverJob: name });
}
