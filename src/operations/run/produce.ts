import type { OpenedFile } from "../../destinations/destination.ts";
import type {
  CapsuleFacts,
  FileRole,
  Manifest,
  ManifestFile,
  PostgresFacts,
} from "../../domain/backups/manifest.ts";
import type { Level } from "../../domain/level.ts";
import type { SetFacts } from "../../domain/sets/restore-point.ts";
import type { Delivery, Share } from "../delivery/delivery.ts";
import type { Passed } from "../delivery/fan-out.ts";
import type { Watch } from "./watch.ts";

/** What a job kind adds to the making of a backup. */
export interface Producer {
  readonly kind: Manifest["kind"];
  readonly database: string | null;
  /** Bytes of the source, for the free-space estimate of a first run; null when unknown. */
  sourceBytes(): Promise<number | null>;
  /** The names of all files that `produce` will write for this backup name, so that a free one is chosen. */
  fileNames(name: string): readonly string[];
  /** Streams every file into the delivery. What it started it has ended when this settles. */
  produce(delivery: Delivery, name: string, watch: Watch): Promise<Produced>;
}

export interface Produced {
  readonly files: readonly ProducedFile[];
  /** How long the snapshot was held; null for other kinds. */
  readonly windowMs: number | null;
  readonly warnings: readonly string[];
  /** What an encrypted backup holds, found as it streamed; left out: inspect finds it. */
  readonly known?: Known;
  /** Reads one share's stored bytes back to their end and says what they hold. Throws when they do not settle. */
  inspect(share: Share, watch: Watch): Promise<Inspected>;
}

export interface ProducedFile {
  readonly path: string;
  readonly role: FileRole;
  readonly compression: ManifestFile["compression"];
  readonly passed: Passed;
  /** Without encryption and compression, where that is known as it streams: of encrypted backups, whose bytes nobody here can read back. */
  readonly content?: Passed;
}

/** What the files hold. */
export interface Known {
  readonly postgres: PostgresFacts | null;
  readonly capsule: CapsuleFacts | null;
  readonly outcome: Manifest["outcome"];
  readonly warnings: readonly string[];
  /** For the manifest, in the clear; left out: its job is in no set. */
  readonly set?: SetFacts;
  /** Why the run is incomplete although the backup holds all that was there; in the clear. Left out: it is not. */
  readonly gaps?: readonly string[];
}

export interface Inspected extends Known {
  readonly level: Level;
  readonly source: OpenedFile["source"];
  /** Of the uncompressed content, by file name; files that are missing here are stored as they are. */
  readonly content: ReadonlyMap<string, Passed>;
}
