import type { Anomaly } from "../anomalies/anomaly.ts";
import type { Level } from "../level.ts";
import type { Drift } from "../sets/drift.ts";
import type { ReferencesFacts } from "../sets/references.ts";
import type { SetFacts } from "../sets/restore-point.ts";
import type { Fingerprint } from "./fingerprint.ts";

/** The JSON beside a backup: the truth about it. Times are ISO 8601 in UTC, sizes bytes, hashes hex sha256. */
export interface Manifest {
  readonly format: "codex-backup-manifest";
  readonly version: 1;
  /** The backup's base name, unique within its job: every file of it carries this name. */
  readonly id: string;
  readonly runId: string;
  readonly job: string;
  readonly kind: "postgres" | "capsule";
  /** The database that was dumped; null for capsules. Retention counts each (job, database) apart. */
  readonly database: string | null;
  readonly host: string;
  /** The planned moment; null for a run by hand. */
  readonly slot: string | null;
  readonly startedAt: string;
  readonly finishedAt: string;
  /** "incomplete": whole and readable, but `warnings` lists what is not in it. */
  readonly outcome: "complete" | "incomplete";
  readonly tool: { readonly name: "codex-backup"; readonly version: string };
  readonly files: readonly ManifestFile[];
  /** What the run itself checked before it wrote this, per destination id. */
  readonly checked: {
    readonly level: Level;
    readonly copies: Readonly<Record<string, "direct" | "cached">>;
  };
  /** Left out: nothing of it is encrypted. Then `postgres` and `capsule` are null here, and stand in the private part. */
  readonly encryption?: {
    /** age recipients; any one of their identities opens it. */
    readonly recipients: readonly string[];
  };
  /** The set that its job belongs to, and what it is restored with; left out: none. */
  readonly set?: SetFacts;
  /** What the anomaly gate said; left out: nothing. */
  readonly anomalies?: readonly Anomaly[];
  readonly postgres: PostgresFacts | null;
  readonly capsule: CapsuleFacts | null;
  readonly warnings: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** Sha256 of the job's preceding manifest (of the same database); null for the first. */
  readonly previous: string | null;
  /** Its id; left out: there is none, or this was made before manifests told it. */
  readonly previousId?: string;
  /** Ids removed by policy since the preceding manifest. */
  readonly pruned: readonly string[];
  /** Ids that were gone when the catalog was made anew, so that nobody can say who removed them; left out: none. */
  readonly unaccounted?: readonly string[];
  /** Made before codex-backup and described by `adopt`; hashes are then those of adoption time. */
  readonly adopted: boolean;
}

/** "private": what only the holder of a key may know of an encrypted backup. */
export type FileRole = "dump" | "globals" | "database" | "capsule" | "private";

export interface ManifestFile {
  readonly path: string;
  readonly role: FileRole;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly compression: "none" | "gzip" | "zstd";
  /** Left out: stored in the clear. */
  readonly encryption?: "age";
  /** Of the uncompressed, unencrypted bytes; equal to the above when stored as they are. Null: only the private part tells. */
  readonly content: { readonly sizeBytes: number; readonly sha256: string } | null;
}

export interface PostgresFacts {
  readonly format: "sql" | "custom";
  readonly systemIdentifier: string;
  /** As `server_version_num` and `server_version`. */
  readonly serverVersionNum: number;
  readonly serverVersion: string;
  readonly clientVersion: string;
  /** As the server calls it. How names are told that cannot be read in it: decision 017. */
  readonly encoding: string;
  readonly locale: {
    readonly provider: string;
    readonly collate: string;
    readonly ctype: string;
    readonly icuLocale: string | null;
    readonly collationVersion: string | null;
  };
  /** As pg_database_size says at the snapshot. */
  readonly databaseSizeBytes: number;
  readonly extensions: readonly {
    readonly name: string;
    readonly version: string;
    readonly schema: string;
  }[];
  readonly collations: readonly {
    readonly name: string;
    readonly provider: string;
    readonly version: string | null;
  }[];
  /** Roles that own objects or appear in grants. */
  readonly roles: readonly string[];
  readonly snapshot: {
    readonly name: string;
    readonly lsn: string;
    readonly xmin: string;
    readonly takenAt: string;
  };
  readonly fingerprint: Fingerprint;
  /** What the dump cannot hold, with the reason: foreign tables, rows of extensions without a dump filter, … */
  readonly leftOut: readonly { readonly object: string; readonly reason: string }[];
}

export interface CapsuleFacts {
  readonly root: string;
  readonly entries: readonly CapsuleEntry[];
  /** Files that were there and are not inside, with the reason. */
  readonly leftOut: readonly { readonly path: string; readonly reason: string }[];
  /** Of a restore point: what has changed since its oldest snapshot. */
  readonly drift?: Drift;
  /** Of a restore point: whether the files that its databases name are inside. */
  readonly references?: ReferencesFacts;
}

export interface CapsuleEntry {
  /** With "/" between folders; folders end in "/". Bytes that are not UTF-8 are written as in `pathBytes`. */
  readonly path: string;
  /** Base64 of the name's bytes when they are not UTF-8; else absent. */
  readonly pathBytes?: string;
  readonly type: "file" | "directory" | "symlink";
  readonly sizeBytes: number;
  /** ISO 8601, UTC, to the millisecond. */
  readonly modifiedAt: string;
  /** Permission bits, octal text ("0644"). */
  readonly mode: string;
  /** Of the content; of a link, its target's bytes; null for folders. */
  readonly sha256: string | null;
  /** "grown": appended to while read and taken to its first size. "changed": still changing after the retries. */
  readonly state: "stable" | "grown" | "changed";
}
