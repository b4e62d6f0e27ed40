import type { Destination } from "../../destinations/destination.ts";
import type { ReadBack } from "../../domain/copies/read-back.ts";
import { asFailure, Failure, reportOf } from "../../domain/failure.ts";
import type { CopyReport } from "../../domain/runs/run-report.ts";
import type { Context } from "../context.ts";
import { checkStored, type StoredAs } from "../delivery/check-stored.ts";
import type { Delivery, Share } from "../delivery/delivery.ts";
import { BadSource, fillFrom } from "../delivery/fill.ts";
import { writeCheckReceipt } from "../receipt.ts";
import type { BackupRun } from "./backup.ts";
import { besideOf } from "./besides.ts";
import { type Checked, levelAfter } from "./check-shares.ts";
import { type PublishEnd, type Published, tryPublish } from "./publish.ts";
import { recordCopy } from "./record.ts";
import type { Sealed } from "./seal.ts";
import { patienceOf, underShareWatch } from "./share-watch.ts";
import { untilAborted, type Watch } from "./watch.ts";

interface Lateness {
  readonly sealed: Sealed;
  readonly delivery: Delivery;
  readonly checked: Checked;
  /** Where a finished copy stands. */
  readonly sources: readonly Destination[];
}

/** False for a destination that was given up for a reason that time does not mend, and for one that stands still. */
export function mayBeLate(share: Share): boolean {
  const failure = share.failure();
  return failure === null || (failure.code === "destination.lagging" && failure.context.isStalled !== true);
}

/**
 * The destinations that were not done when the backup was published: one that is still working off its spool, or
 * is still being read back, is waited for (under the run's limits), one that dropped out for lagging is filled from a
 * finished copy. All at once, so that one that hangs keeps no other waiting; none can harm the backup any more.
 */
export async function bringUpLate(context: Context, run: BackupRun, lateness: Lateness): Promise<Published> {
  const late = lateness.delivery.shares.filter((share) => !lateness.checked.shares.includes(share));
  const ends = await Promise.all(late.map((share) => bringUp(context, run, { ...lateness, share })));
  return {
    copies: ends.map(({ copy }) => copy),
    at: [],
    gaps: ends.map(({ unlisted }) => unlisted?.message).filter((gap) => gap !== undefined),
    isSettled: ends.every(({ failure, unlisted }) => failure === null && unlisted === null),
  };
}

interface LateShare extends Pick<Lateness, "sealed" | "sources" | "checked"> {
  readonly share: Share;
}

/** `failure`: since publishing began. What failed before has left nothing. */
interface LateEnd extends PublishEnd {
  readonly copy: CopyReport;
}

async function bringUp(context: Context, run: BackupRun, late: LateShare): Promise<LateEnd> {
  const { share, sealed } = late;
  const { destination, destinationId } = share;
  const isLate = !late.checked.pending.has(share);
  const basis = { destination: destination.name, location: destination.location, late: isLate };
  const failed = (failure: Failure): CopyReport => {
    return { ...basis, level: "unknown", readBack: null, failure: reportOf(failure) };
  };
  let isPublished = false;
  try {
    const { stored, readBack } = await lookedAt(context, run, late);
    const level = levelAfter(readBack, sealed.manifest.checked.level); // of an encrypted backup nobody here can read more than the hash
    const beside = besideOf(context, { sealed, destinationId, readBack });
    const what = { runId: run.runId, id: sealed.manifest.id, beside, ...sealed };
    const staged = stored.map(({ file }) => file);
    const end = await tryPublish(destination, staged, what);
    if (end.failure !== null) return { ...end, copy: failed(end.failure) };
    isPublished = true;
    const copy: CopyReport = { ...basis, level, readBack, failure: null };
    if (beside.length === 0)
      await writeCheckReceipt(context, destination, { sealed, destinationId, level, readBack });
    recordCopy(context, sealed, { ...copy, destinationId });
    return { ...end, copy };
  } catch (error) {
    const doing = `Cannot bring up "${sealed.manifest.id}" at "${destination.name}"`;
    const failure = asFailure(error, "destination.io", doing);
    await share.abandon(failure);
    return { failure: isPublished ? failure : null, unlisted: null, copy: failed(failure) };
  }
}

interface LookedAt {
  readonly stored: readonly StoredAs[];
  readonly readBack: ReadBack;
}

/** Every file staged at the destination, synced, and looked at as its policy says. */
async function lookedAt(context: Context, run: BackupRun, late: LateShare): Promise<LookedAt> {
  const { share, checked, sealed } = late;
  const { destination } = share;
  const patience = { watch: run.watch, destination, stallMs: patienceOf(run.job) };
  const pending = checked.pending.get(share);
  if (pending !== undefined) {
    const readBack = await pending;
    if (readBack === null) throw share.failure() ?? nothingThere(share);
    return { stored: storedBy(share, sealed), readBack };
  }
  await untilAborted(share.end(), run.watch.signal);
  const failure = share.failure();
  if (failure !== null && !mayBeLate(share)) throw failure;
  return underShareWatch(context.clock, patience, async (own) => {
    const stored = failure === null ? storedBy(share, sealed) : await fill(run, late, own);
    const policy = destination.traits.readBack;
    const look = { policy, randomToken: context.randomToken, signal: own.signal, touch: own.touch };
    const readBack = await keepOrDiscard(stored, () => checkStored(stored, look));
    return { stored, readBack };
  });
}

function storedBy({ branches }: Share, { manifest }: Sealed): readonly StoredAs[] {
  return manifest.files.map(({ path, sizeBytes, sha256 }) => {
    const branch = branches.get(path);
    if (!branch) throw new Failure("run.internal", `Cannot read "${path}" back: it was not written`);
    return { file: branch.staged, passed: { sizeBytes, sha256 }, blocks: branch.blocks() };
  });
}

/** From the first finished copy that has the bytes of the manifest; one on this machine before others. */
async function fill(
  run: BackupRun,
  { share, sealed, sources }: LateShare,
  own: Watch,
): Promise<readonly StoredAs[]> {
  const target = share.destination;
  let refused: Failure | null = null;
  for (const source of sources.toSorted((a, b) => distance(a) - distance(b))) {
    const filling = { source, target, runId: run.runId, signal: own.signal, touch: own.touch };
    const filled = await fillFrom(sealed.manifest.files, filling);
    if (!(filled instanceof BadSource)) return filled;
    refused = filled.failure;
  }
  throw refused ?? nothingThere(share);
}

/** The lower, the nearer. */
export function distance({ traits }: Destination): number {
  return traits.kind === "local" ? 0 : 1;
}

function nothingThere({ destination }: Share): Failure {
  return new Failure(
    "destination.lagging",
    `Cannot bring up "${destination.name}": there is no finished copy`,
  );
}

/** Nothing stays staged when the work fails; a destination that cannot even remove is swept by the next run. */
async function keepOrDiscard<T>(stored: readonly StoredAs[], work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await Promise.allSettled(stored.map(({ file }) => file.discard()));
    throw error;
  }
}
