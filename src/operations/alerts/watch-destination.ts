import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { AlertFacts, JobFact } from "../../domain/alerts/alert-facts.ts";
import type { WatchDestinationOptions, WatchReport } from "../../domain/alerts/alert-report.ts";
import { parseBackupFile } from "../../domain/backups/backup-file.ts";
import type { Manifest } from "../../domain/backups/manifest.ts";
import { parseManifest } from "../../domain/backups/manifest-text.ts";
import { type GatedBackup, judgeSeen } from "../../domain/backups/seen-backup.ts";
import { asFailure, errnoOf, Failure, reportOf } from "../../domain/failure.ts";
import { type Instant, parseInstant } from "../../domain/instant.ts";
import type { Context } from "../context.ts";
import { watchWith } from "./watch.ts";

/**
 * Watches the backups that another host writes, by their manifests and the sizes of the newest one's files:
 * it needs neither that host's catalog nor a word from it.
 */
export function watchDestination(context: Context, options: WatchDestinationOptions): Promise<WatchReport> {
  return watchWith(context, options, async () => {
    const facts = await factsOf(context, options);
    const isWell =
      facts.jobs.every(({ healthy }) => healthy) && facts.disk.every(({ failure }) => failure === null);
    return { facts, exit: isWell && facts.jobs.length > 0 ? 0 : 6 };
  });
}

async function factsOf(context: Context, options: WatchDestinationOptions): Promise<AlertFacts> {
  const { clock, host, alerts } = context;
  // A job that is not seen may be one whose backups are gone: nothing is ever closed here.
  const frame = {
    now: clock.now(),
    host: host.name,
    timezone: alerts?.timezone ?? "UTC",
    extent: "part",
  } as const;
  const disk = {
    destination: options.path,
    location: options.path,
    forecast: null,
    freeBytes: null,
    totalBytes: null,
  };
  try {
    const series = remembered(context, options, await readManifests(options));
    const jobs = await Promise.all(series.map((one) => judge(one, frame.now, options)));
    const failure = jobs.length > 0 ? null : reportOf(nothingThere(options));
    return { ...frame, jobs, disk: [{ ...disk, failure }] };
  } catch (error) {
    const failure = asFailure(error, "destination.io", `Cannot look at "${options.path}"`);
    return { ...frame, jobs: [], disk: [{ ...disk, failure: reportOf(failure) }] };
  }
}

function nothingThere({ path }: WatchDestinationOptions): Failure {
  return new Failure("destination.missing", `Cannot find a backup in "${path}": it has no manifest`, {
    hint: "Look whether the right directory is mounted there.",
  });
}

interface Series {
  readonly job: string;
  readonly database: string | null;
  /** Newest first. */
  readonly manifests: readonly Manifest[];
  /** Ids with a mark beside them that somebody has accepted what is suspect. */
  readonly acceptedIds: ReadonlySet<string>;
}

const nothingSeen: Pick<Series, "manifests" | "acceptedIds"> = { manifests: [], acceptedIds: new Set() };

const suffix = ".manifest.json";

/** One that vanishes meanwhile, or cannot be read, is none: what counts is what could be restored. */
async function readManifests({ path, job }: WatchDestinationOptions): Promise<readonly Series[]> {
  const all = await readdir(path);
  const names = all.filter((name) => name.endsWith(suffix) && !name.startsWith("."));
  const parsed = all.map(parseBackupFile).filter((one) => one?.file.kind === "accepted");
  const acceptedIds = new Set(parsed.flatMap((one) => (one === null ? [] : [one.base])));
  const series = new Map<string, Manifest[]>();
  for (const name of names) {
    const manifest = await readOne(join(path, name));
    if (manifest === null || (job !== null && manifest.job !== job)) continue;
    const key = keyOf(manifest);
    series.set(key, [...(series.get(key) ?? []), manifest]);
  }
  return [...series.values()].map((manifests) => {
    const [newest, ...others] = manifests.toSorted((a, b) => (a.startedAt < b.startedAt ? 1 : -1));
    return {
      job: newest?.job ?? "",
      database: newest?.database ?? null,
      manifests: newest ? [newest, ...others] : [],
      acceptedIds,
    };
  });
}

async function readOne(path: string): Promise<Manifest | null> {
  try {
    return parseManifest(await readFile(path), path);
  } catch (error) {
    if (error instanceof Failure || errnoOf(error) === "ENOENT") return null;
    throw error;
  }
}

function keyOf({ job, database }: Pick<Series, "job" | "database">): string {
  return JSON.stringify([job, database]);
}

/** With those of earlier looks: a job whose last backup was deleted must not just vanish from sight. */
function remembered(
  { catalog, clock }: Context,
  { path, job }: WatchDestinationOptions,
  found: readonly Series[],
): readonly Series[] {
  const prefix = `seen ${path} `;
  for (const series of found) {
    const name = `${prefix}${keyOf(series)}`;
    if (catalog.alertTime(name) === null) catalog.putAlertTime(name, clock.now());
  }
  const known = new Set(found.map(keyOf));
  const asked = job === null || found.length > 0 ? [] : [{ job, database: null, ...nothingSeen }];
  const lost = catalog.alertTimeNames(prefix).flatMap((name): readonly Series[] => {
    const series = parseKey(name.slice(prefix.length));
    const isLost = series !== null && !known.has(keyOf(series)) && (job === null || series.job === job);
    return isLost ? [series] : [];
  });
  return [...found, ...(lost.length > 0 ? lost : asked)];
}

function parseKey(text: string): Series | null {
  const value: unknown = JSON.parse(text); // written by keyOf
  if (!Array.isArray(value)) return null;
  const [job, database] = value;
  if (typeof job !== "string" || (database !== null && typeof database !== "string")) return null;
  return { job, database, ...nothingSeen };
}

async function judge(series: Series, now: Instant, { path, maxAgeMs }: Limits): Promise<JobFact> {
  const whole = await newestWhole(series, path);
  const startedAt = whole === null ? null : parseInstant(whole.startedAt);
  const sizeBytes = whole?.files.reduce((sum, file) => sum + file.sizeBytes, 0) ?? 0;
  const newest = startedAt === null ? null : { startedAt, sizeBytes };
  const gated = series.manifests.flatMap((manifest) => gatedFrom(manifest, series.acceptedIds));
  return judgeSeen({ job: series.job, database: series.database, newest, gated }, { now, path, maxAgeMs });
}

function gatedFrom(manifest: Manifest, acceptedIds: ReadonlySet<string>): readonly GatedBackup[] {
  const { id, startedAt, outcome, adopted, anomalies = [] } = manifest;
  const createdAt = parseInstant(startedAt);
  return createdAt === null
    ? []
    : [{ id, createdAt, outcome, adopted, anomalies, accepted: acceptedIds.has(id) }];
}

type Limits = Pick<WatchDestinationOptions, "path" | "maxAgeMs">;

/** Whole: each file of its manifest is there with its size. */
async function newestWhole({ manifests }: Series, path: string): Promise<Manifest | null> {
  for (const manifest of manifests) {
    const whole = await Promise.all(
      manifest.files.map((file) => isOfSize(join(path, file.path), file.sizeBytes)),
    );
    if (whole.every((one) => one)) return manifest;
  }
  return null;
}

async function isOfSize(path: string, sizeBytes: number): Promise<boolean> {
  try {
    return (await stat(path)).size === sizeBytes;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return false;
    throw error;
  }
}
