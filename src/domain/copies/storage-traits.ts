/** The ways to reach a storage, one driver each. */
export const storageKinds = ["local", "s3", "sftp", "azure", "webdav", "rclone"] as const;

export type StorageKind = (typeof storageKinds)[number];

/**
 * How much of a new copy is read back before it may be called more than stored: "full" reads and hashes every
 * byte; "sample" some blocks; "head" asks for the size alone. Only after "full" a copy counts.
 */
export const readBackPolicies = ["full", "sample", "head"] as const;

export type ReadBackPolicy = (typeof readBackPolicies)[number];

/** What the config says of a storage, true without asking it. */
export interface StorageTraits {
  readonly kind: StorageKind;
  /** It does not burn down together with this host. Default: every kind but "local". */
  readonly isOffSite: boolean;
  /** Copies on one medium die together: a word of the operator's, by default the kind. */
  readonly medium: string;
  readonly readBack: ReadBackPolicy;
  /** Nothing may be written or removed: a bucket to restore from. */
  readonly isReadOnly: boolean;
}

/** Why nobody can remove or change what lies there, and for how long. */
export interface Immutability {
  /** "object-lock": the storage refuses for so long, also to us; "sworn": the config says so, nobody checked. */
  readonly by: "object-lock" | "sworn";
  /** From the upload on; null: for ever, or nobody knows. */
  readonly days: number | null;
}
