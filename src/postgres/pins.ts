/**
 * What pg_dump leaves to the server's, the database's or the role's settings, pinned for every connection of
 * ours on dump and on the way back, so that equal content gives equal text (PROOF 2). The time limits would
 * otherwise end our own queries; a parallel plan would change the order of filtered rows.
 */
export const outputPins: Readonly<Record<string, string>> = {
  timezone: "UTC",
  bytea_output: "hex",
  lc_monetary: "C",
  quote_all_identifiers: "off",
  max_parallel_workers_per_gather: "0",
  statement_timeout: "0",
  idle_in_transaction_session_timeout: "0",
};

/** For our own SQL only; pg_dump and pg_restore see to these by themselves. */
export const sessionPins: Readonly<Record<string, string>> = {
  ...outputPins,
  search_path: "pg_catalog",
  standard_conforming_strings: "on",
  default_transaction_read_only: "off",
  default_transaction_isolation: "read committed",
  datestyle: "ISO",
};

/** A connection's keywords with which the server converts no text, whatever the role or the database sets. */
export const unconverted: Readonly<Record<string, string>> = { client_encoding: "SQL_ASCII" };

/** The setting that carries a connection's random token; see session/hello.ts. */
export const tokenSetting = "codex_backup.token";

/** What pg_dump itself sets before it reads rows; for reading them once more in the same form. */
export const copyPins: Readonly<Record<string, string>> = {
  ...sessionPins,
  intervalstyle: "postgres",
  extra_float_digits: "3",
  synchronize_seqscans: "off",
  row_security: "off",
};
