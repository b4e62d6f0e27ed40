import { asFailure, Failure } from "../../domain/failure.ts";
import type { CapsuleJob, FileReference, PostgresJob } from "../../domain/jobs/job.ts";
import { placeOf, toldQuery } from "../../domain/sets/references.ts";
import type { Snapshot } from "../../postgres/postgres.ts";
import type { Context } from "../context.ts";
import { hashedPlace, type ListLine, writeList } from "./reference-list.ts";

export interface Collecting {
  readonly job: PostgresJob;
  readonly snapshot: Snapshot;
  readonly database: string;
  /** The name that the backup will have. */
  readonly backup: string;
  readonly signal: AbortSignal;
}

/** More than so many are not read: the list must stay small beside the dump. */
const maxPaths = 1_000_000;

/**
 * Asks the job's queries in the dump's own snapshot which files the rows name, and keeps the answers for the capsule of
 * the set, which comes later. A dump is worth more than this: what goes wrong is told as warnings, except the signal's
 * reason, which is thrown.
 */
export async function collectReferences(context: Context, given: Collecting): Promise<readonly string[]> {
  const { job, database, backup, signal } = given;
  if (job.references.length === 0) return [];
  const warnings: string[] = [];
  const place = { statePath: context.statePath, job: job.name, database, backup };
  try {
    await writeList(place, linesOf(context, given, warnings));
  } catch (error) {
    signal.throwIfAborted();
    const failure = asFailure(error, "platform.file", "Cannot keep what the rows name");
    warnings.push(`references are not checked: ${failure.message}`);
  }
  return warnings;
}

const sealedReason = "it could not be asked to its end; the private part of its backup says why";

/** Of an encrypted database no path is written to this host's disk: hashes tell as well whether a file is there. */
async function* linesOf(
  context: Context,
  { job, snapshot, signal }: Collecting,
  warnings: string[],
): AsyncGenerator<readonly ListLine[]> {
  const salt = job.encrypt === null ? null : context.randomToken(32);
  if (salt !== null) yield [{ salt }];
  const capsuleRoot = capsuleOfSet(context, job)?.source.root ?? "/";
  const isSealed = salt !== null;
  for (const [index, reference] of job.references.entries()) {
    const { sql, root } = reference;
    yield [{ sql: toldQuery(sql, { index, isSealed }), root }];
    const reason = yield* pathsOf(snapshot, { reference, capsuleRoot, salt, signal });
    yield [{ end: reason !== null && isSealed ? sealedReason : reason }];
    if (reason !== null) warnings.push(`references below "${root}" are not checked: ${reason}`);
  }
}

interface Asking {
  readonly reference: FileReference;
  readonly capsuleRoot: string;
  readonly salt: string | null;
  readonly signal: AbortSignal;
}

/** Returns why it was not read to its end; null when it was. */
async function* pathsOf(
  snapshot: Snapshot,
  asking: Asking,
): AsyncGenerator<readonly ListLine[], string | null> {
  const { reference, signal } = asking;
  let count = 0;
  try {
    for await (const texts of snapshot.texts(reference, signal)) {
      const named = texts.filter((text) => text !== null); // the others name no file
      count += named.length;
      if (count > maxPaths) return `the query names more than ${maxPaths} paths`;
      yield named.map((text) => lineOf(text, asking));
    }
    return null;
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof Failure)) throw error;
    return error.message;
  }
}

function lineOf(text: string, { reference, capsuleRoot, salt }: Asking): ListLine {
  const place = placeOf(text, { root: reference.root, capsuleRoot });
  if (place === null) return { outside: salt === null ? text : null };
  return { place: salt === null ? place : hashedPlace(salt, place) };
}

/** The capsule that answers the references of a database's set; the config has made sure of it. */
function capsuleOfSet({ jobs }: Pick<Context, "jobs">, { set }: PostgresJob): CapsuleJob | null {
  const found = jobs.find((job) => job.kind === "capsule" && job.set === set);
  return found?.kind === "capsule" ? found : null;
}
