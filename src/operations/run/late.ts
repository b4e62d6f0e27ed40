import { pipeline } from "node:stream/promises";
import type { Destination, StagedFile } from "../../destinations/destination.ts";
import { asFailure, Failure, reportOf } from "../../domain/failure.ts";
import type { CopyReport } from "../../domain/runs/run-report.ts";
import type { Context } from "../context.ts";
import type { Delivery, Share } from "../delivery/delivery.ts";
import { demandEqual, hashStream, weakerSource } from "../delivery/read-back.ts";
import { writeCheckReceipt } from "../receipt.ts";
import type { BackupRun } from "./backup.ts";
import type { Checked } from "./check-shares.ts";
import { type PublishEnd, type Published, tryPublish } from "./publish.ts";
import { recordCopy } from "./record.ts";
import type { Sealed } from "./seal.ts";
import { untilAborted } from "./watch.ts";

interface Lateness {
  readonly sealed: Sealed;
  readonly delivery: Delivery;
  readonly checked: Checked;
  /** Where a finished copy stands. */
  readonly sources: readonly Destination[];
}

/** False for a destination that was given up for a reason that time does not mend. */
export function mayBeLate(share: Share): boolean {
  const failure = share.failure();
  return failure === null || failure.code === "destination.lagging";
}

/**
 * The destinations that were not whole when the backup was published: one that is still working off its
 * spool is waited for (under the run's limits), one that dropped out for lagging is filled from a finished
 * copy. All at once, so that one that hangs keeps no other waiting; none can harm the backup any more.
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

interface LateShare extends Pick<Lateness, "sealed" | "sources"> {
  readonly share: Share;
}

/** `failure`: since publishing began. What failed before has left nothing. */
interface LateEnd extends PublishEnd {
  readonly copy: CopyReport;
}

async function bringUp(context: Context, run: BackupRun, late: LateShare): Promise<LateEnd> {
  const { share, sealed } = late;
  const { destination, destinationId } = share;
  const basis = { destination: destination.name, location: destination.location, late: true };
  const failed = (failure: Failure): CopyReport => {
    return { ...basis, level: "unknown", readBack: null, failure: reportOf(failure) };
  };
  let isPublished = false;
  try {
    const staged = await wholeAt(run, late);
    const readBack = await keepOrDiscard(staged, () => readBackAll(staged, sealed, run));
    const what = { runId: run.runId, id: sealed.manifest.id, ...sealed };
    const end = await tryPublish(destination, staged, what);
    if (end.failure !== null) return { ...end, copy: failed(end.failure) };
    isPublished = true;
    const { level } = sealed.manifest.checked; // of an encrypted backup nobody here can read more than the hash
    const copy: CopyReport = { ...basis, level, readBack, failure: null };
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

/** Every file staged at the destination, synced. */
async function wholeAt(
  run: BackupRun,
  { share, sealed, sources }: LateShare,
): Promise<readonly StagedFile[]> {
  await untilAborted(share.end(), run.watch.signal);
  const failure = share.failure();
  if (failure !== null && !mayBeLate(share)) throw failure;
  if (failure === null) return stagedOf(share);
  const [source] = sources;
  if (source) return fillFrom(source, share.destination, { run, sealed });
  throw new Failure(
    "destination.lagging",
    `Cannot bring up "${share.destination.name}": there is no finished copy`,
  );
}

function stagedOf(share: Share): readonly StagedFile[] {
  return [...share.branches.values()].map((branch) => branch.staged);
}

interface Filling {
  readonly run: BackupRun;
  readonly sealed: Sealed;
}

async function fillFrom(source: Destination, target: Destination, { run, sealed }: Filling) {
  const staged: StagedFile[] = [];
  return keepOrDiscard(staged, async () => {
    for (const { path } of sealed.manifest.files) {
      const file = await target.stage(path, run.runId);
      staged.push(file);
      const opened = await source.open(path);
      opened.stream.on("data", run.watch.touch);
      await pipeline(opened.stream, file.sink, { signal: run.watch.signal });
    }
    return staged;
  });
}

/** Nothing stays staged when the work fails; a destination that cannot even remove is swept by the next run. */
async function keepOrDiscard<T>(staged: readonly StagedFile[], work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await Promise.allSettled(staged.map((file) => file.discard()));
    throw error;
  }
}

async function readBackAll(
  staged: readonly StagedFile[],
  { manifest }: Sealed,
  run: BackupRun,
): Promise<"direct" | "cached"> {
  let weakest: "direct" | "cached" = "direct";
  for (const file of manifest.files) {
    const stored = staged.find(({ name }) => name === file.path);
    if (!stored) throw new Failure("run.internal", `Cannot read "${file.path}" back: it was not written`);
    const opened = await stored.readBack();
    demandEqual(file.path, file, await hashStream(opened.stream, run.watch.signal, run.watch.touch));
    weakest = weakerSource(weakest, opened.source);
  }
  return weakest;
}
