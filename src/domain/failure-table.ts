/** What a failure code means to a caller: one row per code, the only place where this is decided. */
export interface FailureMeaning {
  /** Exit status of the process, as in DESIGN "Exit status" (2 usage, 1 failed, 4 damage, 5 busy, …). */
  readonly exit: 1 | 2 | 4 | 5 | 6 | 130 | 143;
  readonly http: number;
  /** Whether trying the same thing again can help: never, later (next slot), now (at once). */
  readonly retry: "never" | "later" | "now";
}

const usage = { exit: 2, http: 400, retry: "never" } as const;
const failed = { exit: 1, http: 500, retry: "later" } as const;
const damage = { exit: 4, http: 500, retry: "never" } as const;

/**
 * Every failure code, `area.condition`. A test proves that docs/reference/failures.md lists exactly
 * these. The area is the room that raises it.
 */
export const failureTable = {
  "usage.unknown-option": usage,
  "usage.invalid-value": usage,
  "usage.unknown-job": usage,
  "usage.unknown-backup": { ...usage, http: 404 },
  "usage.unknown-run": { ...usage, http: 404 },
  "usage.ambiguous": usage,
  "usage.refused": usage,

  "config.missing": usage,
  "config.unreadable": usage,
  "config.syntax": usage,
  "config.invalid": usage,
  "config.secret": usage,
  "config.exists": usage,

  "run.busy": { exit: 5, http: 409, retry: "later" },
  "run.interrupted": { exit: 143, http: 500, retry: "later" },
  "run.cancelled": { exit: 130, http: 500, retry: "never" },
  "run.timeout": failed,
  "run.stalled": failed,
  "run.died": failed,
  "run.no-copies": failed,
  "run.internal": failed,

  "postgres.client-missing": failed,
  "postgres.client-too-old": failed,
  "postgres.client-unfit": failed,
  "postgres.unreachable": failed,
  "postgres.starting-up": failed,
  "postgres.too-many-connections": failed,
  "postgres.login": failed,
  "postgres.database-missing": failed,
  "postgres.no-databases": failed,
  "postgres.pooler": failed,
  "postgres.container-missing": failed,
  "postgres.container-stopped": failed,
  "postgres.container-ambiguous": failed,
  "postgres.container-engine": failed,
  "postgres.transport": failed,
  "postgres.permission": failed,
  "postgres.row-security": failed,
  "postgres.lock-timeout": failed,
  "postgres.ddl-blocked": failed,
  "postgres.table-vanished": failed,
  "postgres.session-lost": failed,
  "postgres.query": failed,
  "postgres.dump-failed": failed,
  "postgres.dump-stderr": failed,
  "postgres.dump-truncated": failed,
  "postgres.dump-unreadable": damage,
  "postgres.dump-unexpected": failed,
  "platform.compressor": failed,
  "postgres.fingerprint-mismatch": damage,
  "postgres.restore-failed": failed,
  "postgres.restore-refused": usage,

  "postgres.throwaway": failed,
  "postgres.no-server-programs": failed,

  "proof.mismatch": damage,
  "proof.assertion": damage,
  "proof.space": failed,
  "proof.nothing": failed,

  "signatures.key": failed,
  "signatures.invalid": damage,
  "signatures.missing": damage,
  "signatures.chain": damage,

  "encryption.recipient": usage,
  "encryption.identity": usage,
  "encryption.no-identity": usage,
  "encryption.not-exported": usage,
  "encryption.damaged": damage,

  "capsule.root-missing": failed,
  "capsule.root-unreadable": failed,
  "capsule.empty": failed,
  "capsule.read": failed,
  "capsule.unreadable": damage,
  "capsule.mismatch": damage,
  "capsule.unsafe-path": damage,
  "capsule.target-exists": usage,
  "capsule.entry-missing": { ...usage, http: 404 },

  "destination.sentinel-missing": failed,
  "destination.sentinel-foreign": failed,
  "destination.missing": failed,
  "destination.not-writable": failed,
  "destination.full": failed,
  "destination.io": failed,
  "destination.exists": failed,
  "destination.not-found": failed,
  "destination.read-back": damage,
  "destination.world-readable": failed,
  "destination.world-writable": failed,
  "destination.owner": failed,
  "destination.lagging": failed,
  "destination.unreachable": { ...failed, retry: "now" },
  "destination.denied": failed,
  "destination.host-key": failed,
  "destination.too-large": failed,
  "destination.read-only": { ...usage, http: 409 },

  "checksums.mismatch": damage,
  "checksums.malformed": damage,
  "checksums.unknown-file": usage,

  "backup.missing-file": damage,
  "backup.mismatch": damage,
  "backup.manifest": damage,
  "backup.newer": { ...failed, retry: "never" },

  "hooks.failed": failed,
  "hooks.deferred": { exit: 5, http: 409, retry: "later" },

  "command.failed": failed,
  "command.not-started": failed,

  "alerts.unreachable": failed,
  "alerts.throttled": failed,
  "alerts.refused": { ...failed, retry: "never" },

  "http.unauthorized": { ...failed, http: 401, retry: "never" },
  "http.forbidden": { ...failed, http: 403, retry: "never" },
  "http.not-found": { ...failed, http: 404, retry: "never" },
  "http.method": { ...failed, http: 405, retry: "never" },
  "http.too-large": { ...failed, http: 413, retry: "never" },
  "http.media-type": { ...failed, http: 415, retry: "never" },
  "http.host": { ...failed, http: 421, retry: "never" },
  "http.too-many": { ...failed, http: 429, retry: "later" },
  "http.audit": { ...failed, http: 503 },
  "http.tokens": failed,
  "http.listen": failed,

  "scheduler.unit": failed,
  "scheduler.foreign": usage,
  "scheduler.zone": usage,

  "telemetry.collector": failed,

  "catalog.newer": failed,
  "catalog.damaged": failed,
  "catalog.io": failed,

  "platform.file": failed,
  "platform.child": failed,
  "platform.lock": failed,
} as const satisfies Record<string, FailureMeaning>;

export type FailureCode = keyof typeof failureTable;
