import type { Sender } from "../alerts/alert.ts";
import type { Capsules } from "../capsule/capsule.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { Destination } from "../destinations/destination.ts";
import type { AlertSettings } from "../domain/alerts/alert-settings.ts";
import type { ReadingSettings } from "../domain/copies/reading-plan.ts";
import { Failure } from "../domain/failure.ts";
import type { ConfigCopySettings } from "../domain/jobs/config-copy-settings.ts";
import type { Job } from "../domain/jobs/job.ts";
import type { OnProgress } from "../domain/runs/progress.ts";
import type { Schedule } from "../domain/slots/schedule.ts";
import type { Encryption } from "../encryption/encryption.ts";
import type { Clock } from "../platform/clock.ts";
import type { Host } from "../platform/host.ts";
import type { Log } from "../platform/log.ts";
import type { Postgres } from "../postgres/postgres.ts";
import type { Signatures } from "../signatures/signature.ts";

/** Everything an operation may use; built once by wiring. */
export interface Context {
  readonly version: string;
  readonly statePath: string;
  readonly jobs: readonly Job[];
  readonly destinations: ReadonlyMap<string, Destination>;
  readonly postgres: Postgres;
  readonly capsules: Capsules;
  readonly signatures: Signatures;
  readonly encryption: Encryption;
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly host: Host;
  readonly log: Log;
  readonly onProgress: OnProgress;
  /** What a job goes by: the config's schedule, or the times of a crontab or timer that is installed. Null: only by hand. */
  scheduleOf(job: Job): Schedule | null;
  /** How copies are read again, a part of them each day. */
  readonly reading: ReadingSettings;
  /** The bare environment for programs that we start: PATH, HOME, LANG, nothing of the caller's. */
  readonly childEnv: Readonly<Record<string, string>>;
  readonly alerts: AlertsPart | null;
  readonly configFile: ConfigFile;
  /** A log for one run, kept under STATE/logs. */
  openRunLog(runId: string): RunLog;
  newRunId(): string;
  /** So many random lower-case letters and digits. */
  randomToken(length: number): string;
}

/** The operator's own words, which a new machine needs as much as the backups. */
export interface ConfigFile {
  /** Null: no copies of it are kept at destinations. */
  readonly copy: ConfigCopySettings | null;
  /** As it is now. Throws "config.unreadable". */
  read(): Promise<Buffer>;
}

/** What is told to people and to watchers outside; null in the context where nothing of it is configured. */
export interface AlertsPart {
  readonly settings: AlertSettings;
  /** Names of the jobs that a watcher outside hears of. */
  readonly pinged: ReadonlySet<string>;
  /** For times in messages, and the digest. */
  readonly timezone: string;
  /** Loads the channels when it is first called. */
  sender(): Promise<Sender>;
  /** Starts a process of its own that delivers what waits, and does not wait for it. Never throws. */
  startDelivery(): void;
}

export interface RunLog {
  readonly log: Log;
  close(): void;
}

/** Throws "usage.unknown-job" naming the jobs there are. */
export function jobNamed(context: Pick<Context, "jobs">, name: string): Job {
  const job = context.jobs.find((candidate) => candidate.name === name);
  if (job) return job;
  throw new Failure(
    "usage.unknown-job",
    `Cannot find job "${name}": the config has ${listOf(context.jobs.map((j) => j.name))}`,
    {
      hint: "Name one of these jobs.",
    },
  );
}

/** Throws "usage.invalid-value" naming the destinations there are. */
export function destinationNamed(context: Pick<Context, "destinations">, name: string): Destination {
  const destination = context.destinations.get(name);
  if (destination) return destination;
  throw new Failure(
    "usage.invalid-value",
    `Cannot find destination "${name}": the config has ${listOf([...context.destinations.keys()])}`,
    { hint: "Name one of these destinations." },
  );
}

function listOf(names: readonly string[]): string {
  return names.length === 0 ? "none" : names.map((name) => `"${name}"`).join(", ");
}
