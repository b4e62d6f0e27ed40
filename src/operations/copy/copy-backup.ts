import type { Destination, StagedFile } from "../../destinations/destination.ts";
import type { ReadBack } from "../../domain/copies/read-back.ts";
import { asFailure, Failure, messageOf } from "../../domain/failure.ts";
import type { Level } from "../../domain/level.ts";
import type { Context } from "../context.ts";
import { checkStored } from "../delivery/check-stored.ts";
import { BadSource, fillFrom } from "../delivery/fill.ts";
import { weakerSource } from "../delivery/read-back.ts";
import { writeCheckReceipt } from "../receipt.ts";
import { besideOf } from "../run/besides.ts";
import { levelAfter } from "../run/check-shares.ts";
import { type Journal, removeJournal, writeJournal } from "../run/journal.ts";
import { tryPublish } from "../run/publish.ts";
import { recordCopy } from "../run/record.ts";
import { findRemains, type Remains, withdraw } from "../run/unfinished.ts";
import type { Watch } from "../run/watch.ts";
import type { MissingCopy } from "./find-missing.ts";
import { type CopiedMark, marksOf, recordMarks } from "./marks-of.ts";
import { readSource, type Source } from "./read-source.ts";

/** Where a copy is to come. */
export interface Target {
  readonly destination: Destination;
  readonly destinationId: string;
}

export interface Copied {
  readonly from: string;
  readonly level: Level;
  readonly readBack: ReadBack;
  /** Copies that could not be read, a line each. */
  readonly warnings: readonly string[];
  /** One of them has other bytes than it should. */
  readonly hasDamage: boolean;
}

/**
 * Makes one copy from the best other one that has the bytes of the manifest: reads and hashes, stages, looks at what was
 * stored, and publishes, the manifest last and with the same bytes as everywhere. No key is needed for what is encrypted.
 * Throws when it could not be made; then nothing of it is left, or a journal by which the next run finishes or removes it.
 */
export async function copyBackup(
  context: Context,
  missing: MissingCopy,
  { target, watch }: { readonly target: Target; readonly watch: Watch },
): Promise<Copied> {
  const refused: Failure[] = [];
  for (const copy of missing.sources) {
    const source = await readSource(context, missing.row, copy).catch((error: unknown) => {
      watch.signal.throwIfAborted();
      return asFailure(error, "destination.io", `Cannot read "${missing.row.id}" at "${copy.destination}"`);
    });
    if (source instanceof Failure) {
      refused.push(source);
      continue;
    }
    const made = await copyFrom(context, missing, { source, target, watch });
    if (made instanceof BadSource) refused.push(made.failure);
    else return { ...made, warnings: refused.map(messageOf), hasDamage: refused.some(isDamage) };
  }
  throw refused.find(isDamage) ?? refused[0] ?? noSource(missing);
}

function isDamage({ meaning }: Failure): boolean {
  return meaning.exit === 4;
}

function noSource({ row }: MissingCopy): Failure {
  return new Failure("backup.missing-file", `Cannot copy "${row.id}": there is no whole copy to read`, {
    hint: "Mount or mend one of its destinations.",
  });
}

interface Making {
  readonly source: Source;
  readonly target: Target;
  readonly watch: Watch;
}

type Made = Pick<Copied, "from" | "level" | "readBack">;

async function copyFrom(context: Context, missing: MissingCopy, making: Making): Promise<Made | BadSource> {
  const { source, target, watch } = making;
  const { sealed } = source;
  const runId = context.newRunId();
  const marks = await marksOf(context, {
    row: missing.row,
    source: source.destination,
    target: target.destination,
  });
  const unfinished = { sealed, runId, signal: watch.signal, beside: marks };
  const remains = await findRemains(target.destination, unfinished);
  // What lay there before we came is not ours to take back: then nothing is noted, and nothing is withdrawn.
  const isFirst = remains.files.every((file) => file === null);
  if (isFirst) await writeJournal(context.statePath, journalOf(runId, making, marks));
  let isSettled = false;
  try {
    const made = await stageAndPublish(context, missing, { ...making, runId, marks, remains });
    isSettled = true;
    return made;
  } catch (error) {
    isSettled = isFirst && (await withdraw(target.destination, unfinished));
    throw watch.signal.aborted ? watch.signal.reason : error;
  } finally {
    if (isFirst && isSettled) await removeJournal(context.statePath, runId);
  }
}

function journalOf(runId: string, { source, target }: Making, marks: readonly CopiedMark[]): Journal {
  const { manifest, manifestText, ownHashText, signatureText } = source.sealed;
  const beside = marks.map(({ name, text }) => ({ name, text }));
  return {
    version: 1,
    runId,
    job: manifest.job,
    database: manifest.database,
    id: manifest.id,
    files: manifest.files.map((file) => file.path),
    destinations: [{ name: target.destination.name, id: target.destinationId, beside }],
    manifestText,
    ownHashText,
    signatureText,
  };
}

interface Publishing extends Making {
  readonly runId: string;
  readonly marks: readonly CopiedMark[];
  readonly remains: Remains;
}

async function stageAndPublish(
  context: Context,
  { row }: MissingCopy,
  publishing: Publishing,
): Promise<Made | BadSource> {
  const { source, target, runId, marks } = publishing;
  const { sealed } = source;
  const { destination, destinationId } = target;
  const staged = await stage(context, publishing);
  if (staged instanceof BadSource) return staged;
  const { files, readBack } = staged;
  const beside = [...marks, ...besideOf(context, { sealed, destinationId, readBack })];
  const what = { runId, id: row.id, beside, ...sealed };
  const { failure, unlisted } = await tryPublish(destination, files, what);
  if (failure !== null) throw failure;
  const level = levelAfter(readBack, sealed.manifest.checked.level);
  if (level !== "stored")
    await writeCheckReceipt(context, destination, { sealed, destinationId, level, readBack });
  context.catalog.atomically(() => {
    recordCopy(context, sealed, { destination: destination.name, destinationId, level, readBack });
    recordMarks(context, { row, destination: destination.name, marks });
  });
  if (unlisted !== null) throw unlisted;
  return { from: source.destination.name, level, readBack };
}

interface Staged {
  readonly files: readonly StagedFile[];
  readonly readBack: ReadBack;
}

/** What does not lie there yet is filled from the source; what does was read in full just now. */
async function stage(
  context: Context,
  { source, target, runId, remains, watch }: Publishing,
): Promise<Staged | BadSource> {
  const { signal, touch } = watch;
  const lacking = source.sealed.manifest.files.filter((_, index) => remains.files[index] === null);
  const filling = { source: source.destination, target: target.destination, runId, signal, touch };
  const stored = await fillFrom(lacking, filling);
  if (stored instanceof BadSource) return stored;
  try {
    const policy = target.destination.traits.readBack;
    const { randomToken } = context;
    const looked = await checkStored(stored, { policy, randomToken, signal, touch });
    const isFull = looked === "direct" || looked === "cached";
    return {
      files: stored.map(({ file }) => file),
      readBack: isFull ? weakerSource(looked, remains.readBack) : looked,
    };
  } catch (error) {
    await Promise.allSettled(stored.map(({ file }) => file.discard()));
    throw error;
  }
}
