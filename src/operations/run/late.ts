import { pipeline } from "node:stream/promises";
import type { Destination, StagedFile } from "../../destinations/destination.ts";
import { asFailure, Failure, reportOf } from "../../domain/failure.ts";
import type { CopyReport } from "../../domain/run-report.ts";
import type { Context } from "../context.ts";
import type { Delivery, Share } from "../delivery/delivery.ts";
import { demandEqual, hashStream, weakerSource } from "../delivery/read-back.ts";
import { writeCheckReceipt } from "../receipt.ts";
import type { BackupRun } from "./backup.ts";
import type { Checked } from "./check-shares.ts";
import { publish } from "./publish.ts";
import { recordCopy } from "./record.ts";
import type { Sealed } from "./seal.ts";

interface Lateness {
  readonly sealed: Sealed;
  readonly delivery: Delivery;
  readonly checked: Checked;
}

/**
 * The destinations that were not whole when the backup was published: one that is still working off its
 * spool is waited for (under the run's limits), one that dropped out for lagging is filled from a finished
 * copy. Each has its own outcome; none can harm the backup any more.
 */
export async function bringUpLate(
  context: Context,
  run: BackupRun,
  { sealed, delivery, checked }: Lateness,
): Promise<readonly CopyReport[]> {
  const late = delivery.shares.filter((share) => !checked.shares.includes(share));
  const source = checked.shares.find((share) => share.failure() === null)?.destination;
  const reports: CopyReport[] = [];
  for (const share of late) reports.push(await bringUp(context, run, { share, sealed, source }));
  return reports;
}

interface LateShare {
  readonly share: Share;
  readonly sealed: Sealed;
  readonly source: Destination | undefined;
}

async function bringUp(
  context: Context,
  run: BackupRun,
  { share, sealed, source }: LateShare,
): Promise<CopyReport> {
  const { destination, destinationId } = share;
  const basis = { destination: destination.name, location: destination.location, late: true };
  try {
    await untilAborted(share.end(), run.watch.signal);
    const failure = share.failure();
    if (failure !== null && failure.code !== "destination.lagging") throw failure;
    const staged = failure === null ? stagedOf(share) : await fillFrom(source, destination, { run, sealed });
    const readBack = await readBackAll(staged, sealed, run);
    await publish(destination, staged, { runId: run.runId, id: sealed.manifest.id, ...sealed });
    const copy: CopyReport = { ...basis, level: "read", readBack, failure: null };
    await writeCheckReceipt(context, destination, { sealed, destinationId, level: "read", readBack });
    recordCopy(context, sealed, { ...copy, destinationId });
    return copy;
  } catch (error) {
    const failure = asFailure(
      error,
      "destination.io",
      `Cannot bring up "${sealed.manifest.id}" at "${destination.name}"`,
    );
    await share.abandon(failure);
    return { ...basis, level: "unknown", readBack: null, failure: reportOf(failure) };
  }
}

function untilAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.reject(signal.reason);
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

function stagedOf(share: Share): readonly StagedFile[] {
  return [...share.branches.values()].map((branch) => branch.staged);
}

async function fillFrom(
  source: Destination | undefined,
  target: Destination,
  { run, sealed }: { readonly run: BackupRun; readonly sealed: Sealed },
): Promise<readonly StagedFile[]> {
  if (!source)
    throw new Failure("destination.lagging", `Cannot bring up "${target.name}": there is no finished copy`);
  const staged: StagedFile[] = [];
  for (const { path } of sealed.manifest.files) {
    const file = await target.stage(path, run.runId);
    staged.push(file);
    const opened = await source.open(path);
    opened.stream.on("data", run.watch.touch);
    await pipeline(opened.stream, file.sink, { signal: run.watch.signal });
  }
  return staged;
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
