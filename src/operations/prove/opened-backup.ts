import type { Manifest } from "../../domain/backups/manifest.ts";
import type { PostgresJob } from "../../domain/jobs/job.ts";
import type { ThrowawayChoice } from "../../domain/jobs/prove-settings.ts";
import type { Progress } from "../../domain/runs/progress.ts";
import type { Decryptor } from "../../encryption/encryption.ts";
import type { BackupFiles } from "../restore/backup-files.ts";

/** A copy that is being hashed, with what opens it. */
export interface OpenedBackup {
  readonly files: BackupFiles;
  /** With all that a key opens. */
  readonly manifest: Manifest;
  readonly decryptor: Decryptor | null;
  /** The recipient whose identity opened it; null: not encrypted. */
  readonly openedBy: string | null;
  /** The job that made it, with its assertions; null: no longer in the config. */
  readonly job: PostgresJob | null;
  readonly server: ThrowawayChoice;
  /**
   * Settles when its stored bytes were found to be those of its manifest, rejects where they are not. To be waited for
   * before the first of them is restored; a server is started in the meantime.
   */
  readonly hashed: Promise<void>;
  /** When its proof began, by the monotonic clock. */
  readonly startedMs: number;
  readonly signal: AbortSignal;
  onProgress(step: Progress["step"], doneBytes: number, totalBytes: number | null): void;
}
