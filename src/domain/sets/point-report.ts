import type { ReferencesFacts } from "./references.ts";
import type { RestorePoint } from "./restore-point.ts";

/** What is restored together, as `list --set` prints it. */
export interface ListedPoint extends Omit<RestorePoint, "members"> {
  readonly set: string;
  /** Everything that belongs to it is there, whole, and no file that a database names is lacking. */
  readonly isWhole: boolean;
  readonly members: readonly ListedMember[];
  readonly capsule: { readonly job: string; readonly backup: string; readonly isThere: boolean };
  /** Null: nothing was asked, or the capsule is encrypted. */
  readonly references: ReferencesFacts | null;
}

export interface ListedMember {
  readonly job: string;
  readonly database: string | null;
  /** Null: the point lacks it; `reason` says why. */
  readonly backup: string | null;
  readonly snapshotAt: string | null;
  readonly reason: string | null;
  /** A whole copy of it is known. */
  readonly isThere: boolean;
}
