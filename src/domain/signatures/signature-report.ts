import type { FailureReport } from "../failure.ts";
import type { ExitStatus } from "../outcome.ts";
import type { FindingKind } from "./chain.ts";

/** What was found of one signed file at one destination, or of a backup that should be there. */
export interface SignatureReport {
  /** "*": whatever lies at a destination that cannot be looked at. */
  readonly backup: string;
  readonly job: string | null;
  readonly destination: string;
  /** The manifest or the receipt of a proof; also one that is gone; null: there is none, or nothing could be looked at. */
  readonly file: string | null;
  /**
   * "unsigned": it is from before there was a key, and nothing contradicts it. "failed": nobody could look. Only "ok"
   * means that a signature was checked.
   */
  readonly outcome: "ok" | "unsigned" | "damaged" | "failed";
  /** The key whose signature is good; null: none is. */
  readonly signedBy: string | null;
  readonly findings: readonly {
    readonly kind: FindingKind | "unreadable";
    /** For people. */
    readonly message: string;
  }[];
  /** The first finding as a failure, or why nobody could look. */
  readonly failure: FailureReport | null;
  readonly exit: ExitStatus;
}
