import type { Readable, Writable } from "node:stream";
import type { ByteRange } from "../destination.ts";

export interface FolderEntry {
  readonly name: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  readonly isFile: boolean;
}

/**
 * A folder on another host whose files can be renamed (SFTP, WebDAV, rclone's remotes): what a driver gives, from
 * which folder-destination.ts makes a Destination. Names are single path components, hidden ones included. All throw
 * Failures: "destination.unreachable" (worth another try), "destination.denied", "destination.not-found",
 * "destination.full", "destination.io"; each message names the path and the server's own word for what it saw.
 */
export interface RemoteFolder {
  /** Creates the folder and its parents; fine when it is there. */
  makeFolder(): Promise<void>;
  /**
   * A new file; an older one of that (hidden) name may be overwritten. The sink finishes only after the server has
   * taken the last byte and said so (and synced it, where it can); destroyed before, what was written stays or not.
   */
  write(name: string): Promise<Writable>;
  /** Throws "destination.exists" when `to` is taken, and says in `isAtomic` below whether two writers are kept apart too. */
  rename(from: string, to: string): Promise<void>;
  /** False: `to` is looked for first and then taken; somebody else may come between. */
  readonly isAtomic: boolean;
  /** Null when there is no such file. */
  stat(name: string): Promise<FolderEntry | null>;
  /** The stream fails when the connection ends before the last byte. */
  read(name: string, range: ByteRange | null): Promise<Readable>;
  /** Throws "destination.missing" when there is no such folder. */
  list(): Promise<readonly FolderEntry[]>;
  /** "retained" when the server does not let us remove it. */
  remove(name: string): Promise<"removed" | "gone" | "retained">;
  /** Null where the server does not tell. */
  space(): Promise<{ readonly freeBytes: number; readonly totalBytes: number } | null>;
  /** Ends connections. May be called twice; the folder can be used again after it. */
  close(): Promise<void>;
}
