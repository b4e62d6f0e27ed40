/** Two databases that change places. */
export interface DatabaseSwap {
  /** The name that stays in use. */
  readonly database: string;
  readonly restored: string;
  /** What the old one is called afterwards. */
  readonly keepAs: string;
}

/** What a restore replaced and kept. */
export interface ReplacedDatabase {
  readonly name: string;
  /** As text; null when this role may not ask. */
  readonly sizeBytes: number | null;
  readonly sessions: number;
}

/** A restored database and the name that it shall bear. */
export interface DatabaseNaming {
  readonly restored: string;
  /** Borne by none so far. */
  readonly database: string;
}
