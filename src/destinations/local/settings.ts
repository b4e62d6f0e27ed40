import type { StorageTraits } from "../../domain/copies/storage-traits.ts";
import type { FileOwner } from "../../domain/jobs/job.ts";
import type { Clock } from "../../platform/clock.ts";
import type { FileRights } from "../../platform/files.ts";
import type { Host } from "../../platform/host.ts";
import type { Log } from "../../platform/log.ts";

/** A directory as the operator configured it. */
export interface LocalSettings {
  readonly name: string;
  /** Absolute; may be a symbolic link to a directory. */
  readonly path: string;
  /** Null: files belong to whoever runs us. */
  readonly owner: FileOwner | null;
  /** Permission bits, never any for others. Default policy: 0600 and 0700. */
  readonly fileMode: number;
  readonly directoryMode: number;
  readonly traits: StorageTraits;
}

export interface LocalDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** Names us in the directory's lock. */
  readonly host: Pick<Host, "name" | "bootId" | "pid">;
  /** So many random lower-case letters and digits. */
  readonly randomToken: (length: number) => string;
  /** As the sentinel names it: "codex-backup 0.1.0". */
  readonly tool: string;
}

/** What the parts of this driver share. */
export interface LocalParts {
  readonly settings: LocalSettings;
  readonly deps: LocalDeps;
  /** Null owner: leave it. Throws "destination.owner" when the names are unknown here. Looked up once. */
  rights(): Promise<{ readonly file: FileRights; readonly directory: FileRights }>;
}
