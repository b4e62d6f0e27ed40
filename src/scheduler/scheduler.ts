/**
 * Scheduler: waits for slots and has their runs started, once each.
 *
 * Owns: the loop, lanes and limits, draining; the crontab and the systemd units that replace the loop.
 * Refuses: to decide when a slot is due (domain), to do a run's work (a RunStarter does), HTTP.
 * Words: slot, claim (the right to run a slot), lane (jobs that share a database host run one after the other).
 * May go to: operations, catalog, platform, domain.
 */

import type { Instant } from "../domain/instant.ts";
import type { Progress } from "../domain/runs/progress.ts";
import type { RunEvent } from "../domain/runs/run-event.ts";
import type { RunReport } from "../domain/runs/run-report.ts";
import type { InstallReport, UninstallReport, UnitWish } from "../domain/systemd/install-report.ts";

export type { RunEvent };

export interface Scheduler {
  /** Works until the signal, then starts nothing more and waits for what runs (drain). Never throws for a failed run. */
  work(signal: AbortSignal): Promise<void>;
  /**
   * A run by hand through the same queue. Resolves when it has started; throws "run.busy" when the job runs
   * or is queued, "usage.unknown-job" when there is none.
   */
  request(job: string): Promise<RunningJob>;
  running(): readonly RunningJob[];
  /** Hears everything that happens from now on; the returned function ends that (may be called twice). */
  listen(listener: (event: RunEvent) => void): () => void;
  /** Asks a running job to end; false when it does not run. */
  cancel(job: string): boolean;
}

export interface RunningJob {
  readonly job: string;
  readonly runId: string;
  readonly slot: Instant | null;
  readonly startedAt: Instant;
  /** Null until the first one. */
  readonly progress: Progress | null;
}

/** Starts one run as a process of its own, so that nothing it does can stop the scheduler. */
export interface RunStarter {
  /** Resolves when it has ended, however it ended; a process that died without a report gives a failed one. */
  start(wish: RunWish): Promise<readonly RunReport[]>;
}

export interface RunWish {
  readonly job: string;
  /** Null: by hand. */
  readonly slot: Instant | null;
  readonly onEvent: (event: RunEvent) => void;
  /** Aborted: the run is asked to end (SIGTERM), and after a grace time made to. */
  readonly signal: AbortSignal;
}

/** Writes and removes what lets cron or systemd start our runs. */
export interface Installer {
  /**
   * Writes the files, reads them back, and starts the timers where systemd runs. Times that were edited in an
   * installed file are kept. Throws "scheduler.foreign" rather than touch a file of others, "scheduler.zone"
   * when cron cannot keep a job's zone, "scheduler.unit" when a file cannot be written as it must be.
   */
  install(wish: UnitWish): Promise<InstallReport>;
  /** The account that what is installed for this config starts the jobs as; null when nothing is installed. */
  userOf(configPath: string): Promise<string | null>;
  /** Removes what an install has written for this config, and nothing else. */
  uninstall(configPath: string): Promise<UninstallReport>;
}
