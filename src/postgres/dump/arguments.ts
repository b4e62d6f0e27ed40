/** What pg_dump and pg_dumpall are asked for; the pure part of starting them. */
export interface DumpRequest {
  /** A connection string with the pins in it. */
  readonly dbname: string;
  /** As pg_export_snapshot() named it. */
  readonly snapshot: string;
  readonly lockWaitMs: number;
  /** Of the database. Without it, ALTER ROLE or ALTER DATABASE … SET client_encoding would choose another one. */
  readonly encoding: string;
}

/**
 * The dump itself, to stdout. Custom archives are not compressed by pg_dump: that is done outside, faster.
 * A plain dump's restrict key stays random: a known one would let a hostile object end the restriction.
 */
export function dumpArgs(request: DumpRequest, format: "sql" | "custom"): readonly string[] {
  const form = format === "sql" ? ["--format=plain"] : ["--format=custom", "--compress=0"];
  return [...form, ...commonArgs(request)];
}

/** A plain dump of a database in which nobody else writes, without a snapshot to share. */
export function unsharedDumpArgs(dbname: string, encoding: string): readonly string[] {
  return ["--format=plain", `--encoding=${encoding}`, "--no-password", `--dbname=${dbname}`];
}

/**
 * Only what `--create` adds for the database itself: owner, encoding, locale, comment, grants, settings. The
 * filters select a schema that every database has and take it out again, so that no object is left; the
 * statements about the database are printed whatever the filters say.
 */
export function headerArgs(request: DumpRequest): readonly string[] {
  const nothing = ["--schema=pg_toast", "--exclude-schema=pg_toast"];
  const encoding = namesEncoding(request.encoding);
  return ["--create", "--schema-only", ...nothing, ...commonArgs({ ...request, encoding })];
}

function commonArgs(request: DumpRequest): readonly string[] {
  return [
    `--snapshot=${request.snapshot}`,
    `--lock-wait-timeout=${request.lockWaitMs}`,
    `--encoding=${request.encoding}`,
    "--no-password",
    `--dbname=${request.dbname}`,
  ];
}

/**
 * For names of roles and databases, which are bytes in any encoding: pg_dump replaces those that are none of its own
 * (0x8d 0x20 in EUC_JP), and a later reader converts them. So they are called bytes, or UTF-8 as nearly everywhere.
 */
function namesEncoding(encoding: string): string {
  return encoding === "UTF8" ? "UTF8" : "SQL_ASCII";
}

/**
 * Roles, memberships and tablespaces. Only a superuser may read password hashes. pg_dumpall drops the
 * database from a connection string, hence `--database`, which takes a connection string as well.
 */
export function globalsArgs(request: {
  readonly dbname: string;
  readonly quotedDatabase: string;
  /** Of that database. */
  readonly encoding: string;
  readonly passwords: "with" | "without";
}): readonly string[] {
  const without = request.passwords === "with" ? [] : ["--no-role-passwords"];
  return [
    "--globals-only",
    ...without,
    `--encoding=${namesEncoding(request.encoding)}`,
    "--no-password",
    `--dbname=${request.dbname}`,
    `--database=${request.quotedDatabase}`,
  ];
}
