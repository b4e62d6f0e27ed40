import type { Anomaly } from "../../domain/anomalies/anomaly.ts";
import type { Manifest } from "../../domain/backups/manifest.ts";
import { asFailure } from "../../domain/failure.ts";
import { formatInstant, type Instant } from "../../domain/instant.ts";
import type { CapsuleJob, PostgresJob } from "../../domain/jobs/job.ts";
import { reaches } from "../../domain/level.ts";
import type { CopyReport } from "../../domain/runs/run-report.ts";
import type { ChainPlace } from "../../domain/signatures/chain-link.ts";
import type { Context } from "../context.ts";
import { demandCustody } from "../custody/custody.ts";
import { createDelivery, type Delivery, type ReadyDestination } from "../delivery/delivery.ts";
import { type Gated, passGate, publicAnomalies } from "./anomaly-gate.ts";
import { type Checked, checkShares } from "./check-shares.ts";
import { commit } from "./commit.ts";
import { findPlace, placeFields, warnUnaccounted } from "./find-place.ts";
import { readJournals, removeJournal, workPath } from "./journal.ts";
import { bringUpLate } from "./late.ts";
import { chooseName } from "./name.ts";
import { describeContent, produceFiles } from "./private-file.ts";
import type { Produced, Producer } from "./produce.ts";
import { estimateNeed, readyDestinations } from "./ready.ts";
import { type Sealed, seal } from "./seal.ts";
import { patienceOf } from "./share-watch.ts";
import { signSealed } from "./sign.ts";
import type { Watch } from "./watch.ts";

export interface BackupRun {
  readonly runId: string;
  readonly slot: Instant | null;
  readonly startedAt: Instant;
  readonly job: PostgresJob | CapsuleJob;
  readonly producer: Producer;
  readonly watch: Watch;
}

export interface MadeBackup {
  readonly sealed: Sealed;
  readonly copies: readonly CopyReport[];
  readonly windowMs: number | null;
  readonly outcome: "complete" | "incomplete";
  readonly anomalies: readonly Anomaly[];
  readonly warnings: readonly string[];
  /** So many of the warnings tell what lacks. */
  readonly gapCount: number;
  /** What the private part alone may say, of an encrypted backup. */
  readonly untold: readonly string[];
}

/**
 * Makes one backup: asks the destinations, streams every file to all of them, reads back what they stored,
 * settles, writes the journal, publishes with the manifest last, and then brings up those that were late.
 * Until the first manifest is there, any failure removes all that was staged and no backup exists.
 */
export async function makeBackup(context: Context, run: BackupRun): Promise<MadeBackup> {
  const { job, producer, watch } = run;
  const startedMs = context.clock.monotonicMs();
  await demandCustody(context, job);
  const last = context.catalog.backups({ job: job.name, database: producer.database, limit: 1 })[0];
  const isCompressed = job.kind === "postgres" && job.compress !== "none";
  const needBytes = estimateNeed(last?.sizeBytes ?? null, await producer.sourceBytes(), isCompressed);
  const readiness = await readyDestinations(context, job.to, needBytes);
  const { journals } = await readJournals(context.statePath);
  const waiting = new Set(journals.map((journal) => journal.id));
  const isBackup = (id: string) => waiting.has(id) || context.catalog.backup(job.name, id) !== null;
  const name = chooseName(run, { files: readiness.taken, isBackup });
  const { delivery, isProduced } = openDelivery(context, run, { ready: readiness.ready, needBytes });
  try {
    const produced = await produceFiles(context, { job, producer, runId: run.runId, delivery, name, watch });
    isProduced();
    const checked = await checkShares(context, delivery, { produced, watch, stallMs: job.stallMs });
    const durationMs = Math.round(context.clock.monotonicMs() - startedMs);
    const gated = passGate(context, run, { produced, checked, durationMs });
    const destinations = readiness.ready.map(({ destination }) => destination);
    const place = await findPlace(context, { job: job.name, database: producer.database, destinations });
    const described = describe(context, run, { name, produced, checked, gated, place });
    const { sealed, gap } = await signSealed(context, seal(described));
    const first = await commit(context, { run, sealed, delivery, checked });
    if (job.encrypt !== null || gated.profile.isLikeAccepted === true)
      context.catalog.putProfile(job.name, name, gated.profile); // its manifest does not tell it
    const late = await bringUpLate(context, run, { sealed, delivery, checked, sources: first.at });
    if (first.isSettled && late.isSettled) await removeJournal(context.statePath, run.runId);
    return conclude(run, {
      sealed,
      produced,
      copies: [...first.copies, ...late.copies, ...readiness.refused],
      gaps: [...(gap === null ? [] : [gap]), ...(checked.inspected.gaps ?? []), ...first.gaps, ...late.gaps],
      anomalies: gated.anomalies,
      isEncrypted: job.encrypt !== null,
      warnings: [...readiness.warnings, ...heldUpWarnings(delivery, job), ...warnUnaccounted(place)],
    });
  } catch (error) {
    const reason = asFailure(
      watch.signal.aborted ? watch.signal.reason : error,
      "run.internal",
      `Cannot finish the backup of "${job.name}"`,
    );
    await delivery.abandon(reason);
    throw reason;
  }
}

interface Opening {
  readonly ready: readonly ReadyDestination[];
  readonly needBytes: number | null;
}

/** Bytes that leave for a destination are a sign of life of the run only when its source has ended: that must not be silent. */
function openDelivery(context: Context, { runId, job, watch }: BackupRun, { ready, needBytes }: Opening) {
  let isSourceOver = false;
  const delivery = createDelivery(ready, {
    runId,
    workPath: workPath(context.statePath),
    spoolBytes: job.spoolBytes,
    expectedBytes: needBytes,
    clock: context.clock,
    stallMs: patienceOf(job),
    onMoved: () => {
      if (isSourceOver) watch.touch();
    },
    signal: watch.signal,
  });
  const isProduced = () => {
    isSourceOver = true;
  };
  return { delivery, isProduced };
}

function heldUpWarnings(delivery: Delivery, { kind }: BackupRun["job"]): readonly string[] {
  const what = kind === "postgres" ? "the dump, and its snapshot," : "the capsule";
  return delivery
    .heldUpBy()
    .map(
      (name) =>
        `${what} had to wait for "${name}": its spool was full; raise spool, or make room in the state directory`,
    );
}

interface Description {
  readonly name: string;
  readonly produced: Produced;
  readonly checked: Checked;
  readonly gated: Gated;
  readonly place: ChainPlace;
}

function describe(
  context: Context,
  run: BackupRun,
  { name, produced, checked, gated, place }: Description,
): Manifest {
  const { job, producer } = run;
  const { inspected } = checked;
  const anomalies = publicAnomalies(gated.anomalies, job.encrypt !== null);
  return {
    format: "codex-backup-manifest",
    version: 1,
    id: name,
    runId: run.runId,
    job: job.name,
    kind: producer.kind,
    database: producer.database,
    host: context.host.name,
    slot: run.slot === null ? null : formatInstant(run.slot),
    startedAt: formatInstant(run.startedAt),
    finishedAt: formatInstant(context.clock.now()),
    outcome: inspected.outcome,
    tool: { name: "codex-backup", version: context.version },
    ...describeContent(job, produced, inspected),
    checked: { level: inspected.level, copies: copiesRead(checked) },
    ...(inspected.set && { set: inspected.set }),
    ...(anomalies.length > 0 && { anomalies }),
    labels: job.labels,
    ...placeFields(place),
    adopted: false,
  };
}

/** Only those that were read in full: the manifest speaks for no other. */
function copiesRead({ readBacks }: Checked): Manifest["checked"]["copies"] {
  return Object.fromEntries(
    [...readBacks].flatMap(([{ destinationId }, readBack]) =>
      readBack === "direct" || readBack === "cached" ? [[destinationId, readBack] as const] : [],
    ),
  );
}

interface Conclusion {
  readonly sealed: Sealed;
  readonly produced: Produced;
  readonly copies: readonly CopyReport[];
  /** What lacks although the copies are whole. */
  readonly gaps: readonly string[];
  /** In full. */
  readonly anomalies: readonly Anomaly[];
  readonly isEncrypted: boolean;
  readonly warnings: readonly string[];
}

function conclude(run: BackupRun, conclusion: Conclusion): MadeBackup {
  const { sealed, produced, copies, gaps, isEncrypted, warnings } = conclusion;
  const anomalies = publicAnomalies(conclusion.anomalies, isEncrypted);
  const good = copies.filter((copy) => copy.failure === null && reaches(copy.level, "hashed"));
  const failed = copies.filter((copy) => copy.failure !== null);
  const hasEnough = good.length >= run.job.requiredCopies;
  const { manifest } = sealed;
  const lacking = [
    ...gaps,
    ...failed.map((copy) => `no copy at "${copy.destination}": ${copy.failure?.message}`),
    ...(hasEnough ? [] : [`${good.length} of ${run.job.requiredCopies} required copies`]),
  ];
  return {
    sealed,
    copies,
    windowMs: produced.windowMs,
    outcome: hasEnough && gaps.length === 0 && manifest.outcome === "complete" ? "complete" : "incomplete",
    anomalies,
    untold: isEncrypted ? conclusion.anomalies.map(({ message }) => `suspect: ${message}`) : [],
    warnings: [...suspectWarnings(manifest, anomalies), ...manifest.warnings, ...warnings, ...lacking],
    gapCount: manifest.warnings.length + lacking.length,
  };
}

function suspectWarnings(
  { job, id, runId, encryption }: Manifest,
  anomalies: readonly Anomaly[],
): readonly string[] {
  if (anomalies.length === 0) return [];
  return [
    ...anomalies.map(({ message }) => `suspect: ${message}`),
    ...(encryption === undefined ? [] : [`where, this machine alone tells: codex-backup logs ${runId}`]),
    `nothing is pruned until a later backup is as usual, or this is: codex-backup accept ${job}/${id} --why TEXT`,
  ];
}
