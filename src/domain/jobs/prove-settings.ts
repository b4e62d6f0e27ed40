import type { PostgresSource } from "./source.ts";

/** How and when a job's backups are proven. */
export interface ProveSettings {
  /** Five cron fields in the job's zone; null: not by a schedule of its own. */
  readonly schedule: string | null;
  /** After each complete run of the job. */
  readonly afterEach: boolean;
  readonly server: ThrowawayChoice;
  /** Wall-clock limit of one proof; null: none. */
  readonly timeoutMs: number | null;
  /** age identities for an encrypted job's proofs; null: only by `prove --identity`. */
  readonly identityFile: string | null;
  /** The newest proof with an escrowed key may be so old; null: nobody is told. Only for encrypted jobs. */
  readonly drillMs: number | null;
}

/** Where a dump is restored for proof. */
export type ThrowawayChoice =
  /** The host's programs of the right major; else a container of the job's own image. */
  | { readonly kind: "auto" }
  /** PostgreSQL's server programs; null: found by the version. */
  | { readonly kind: "programs"; readonly directory: string | null }
  | { readonly kind: "container"; readonly engine: "docker" | "podman"; readonly image: string }
  /** A server that somebody else runs: a new, randomly named database there. */
  | { readonly kind: "scratch"; readonly source: PostgresSource };

export const neverProven: ProveSettings = {
  schedule: null,
  afterEach: false,
  server: { kind: "auto" },
  timeoutMs: 4 * 3_600_000,
  identityFile: null,
  drillMs: null,
};
