/** One finding of a preflight. "blocker" stops a restore before anything is touched. */
export interface RestoreFinding {
  /** "target": the database exists already; the caller decides whether it may be replaced. */
  readonly about:
    | "target"
    | "leftover"
    | "version"
    | "role"
    | "tablespace"
    | "extension"
    | "collation"
    | "encoding"
    | "space"
    | "sessions"
    | "privilege";
  readonly severity: "blocker" | "warning" | "note";
  readonly message: string;
  readonly hint: string | null;
}
