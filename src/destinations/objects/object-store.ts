import type { Readable } from "node:stream";
import type { Immutability } from "../../domain/copies/storage-traits.ts";
import type { ByteRange } from "../destination.ts";

/** What the destination writes beside each object, and gets back from `head`: short ASCII texts. */
export type ObjectMetadata = Readonly<Record<string, string>>;

export interface ObjectHead {
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  readonly metadata: ObjectMetadata;
  /** Until then the storage refuses to remove it; null: it does not. */
  readonly retainedUntilMs: number | null;
}

export interface ListedObject {
  readonly key: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
}

/** An upload in parts. Its parts may be sent at the same time, in any order. */
export interface ObjectUpload {
  /** The storage's word for it. */
  readonly handle: string;
  /** `number` from 1. Every part but the last has the same length. Checked by the storage where it can. */
  part(number: number, bytes: Buffer, signal: AbortSignal): Promise<void>;
  /** Makes the object, all at once. Throws "destination.exists" when the key is taken; nothing is overwritten. */
  complete(): Promise<void>;
  /** After it is complete: sees to what was asked for when it was begun, and some servers forget for uploads (a lock). */
  readonly secure?: () => Promise<void>;
  /** Removes the parts. May be called twice. */
  abort(): Promise<void>;
}

export interface UnfinishedUpload {
  readonly key: string;
  readonly handle: string;
  readonly startedMs: number;
}

export interface PartLimits {
  /** Every part but the last has at least so many bytes. */
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly maxParts: number;
}

/**
 * A store of whole objects under keys that cannot be renamed (S3 and what speaks it, Azure Blob): what a driver
 * gives, from which object-destination.ts makes a Destination. Keys are given and returned without the configured prefix.
 * All throw Failures: "destination.unreachable" (worth another try), "destination.denied", "destination.not-found",
 * "destination.io"; each message names the key and the store's own word for what it saw.
 */
export interface ObjectStore {
  readonly limits: PartLimits;
  /** Throws "destination.exists" when the key is taken. */
  put(key: string, bytes: Uint8Array, metadata: ObjectMetadata): Promise<void>;
  begin(key: string, metadata: ObjectMetadata): Promise<ObjectUpload>;
  /** Null when there is no such object. */
  head(key: string): Promise<ObjectHead | null>;
  /** The stream fails when the connection ends before the last byte. */
  get(key: string, range: ByteRange | null): Promise<Readable>;
  /** Every object, in any order; all pages. */
  list(): Promise<readonly ListedObject[]>;
  listUploads(): Promise<readonly UnfinishedUpload[]>;
  /** Fine when it is gone. */
  abortUpload(upload: Pick<UnfinishedUpload, "key" | "handle">): Promise<void>;
  /** All versions of it. "retained" when the storage refuses for now. */
  remove(key: string): Promise<"removed" | "gone" | "retained">;
  /** Whether the store refuses to overwrite, found out with the object that stands under `key` and has these bytes. */
  refusesOverwrite(key: string, bytes: Uint8Array): Promise<boolean>;
  /** Of new objects; null where they can be removed at any time. */
  immutability(): Promise<Immutability | null>;
  /** Ends idle connections. May be called twice; the next call opens them again. */
  close(): Promise<void>;
}
