/** What a dump says of one table's rows: all its COPY blocks together, in the dump's order. */
export interface TableFingerprint {
  readonly schema: string;
  readonly name: string;
  /** The column list of its COPY, in order, unquoted. */
  readonly columns: readonly string[];
  readonly rows: number;
  /** Bytes of COPY data, line ends included. */
  readonly bytes: number;
  /** Hex sha256 of its COPY data in order; of several blocks (hash partitions), see `blocks`. */
  readonly sha256: string;
  /**
   * COPY blocks added up here. With more than one, sha256 does not depend on order: where pg_dump says that rows
   * load through the root, the sum modulo 2^256 of the rows' sha256 (a restore moves rows between partitions),
   * else the sha256 of the sorted block hashes, joined by newlines.
   */
  readonly blocks: number;
}

export interface SequenceFingerprint {
  readonly schema: string;
  readonly name: string;
  /** The arguments of its setval, as the dump has them. Values are decimal text: they exceed 2^53. */
  readonly value: string;
  readonly isCalled: boolean;
}

export interface LargeObjectFingerprint {
  readonly oid: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** The statements of one object of the schema, or of its grants or its comment. */
export interface ObjectFingerprint {
  /** pg_dump's word: "TABLE", "FUNCTION", "FK CONSTRAINT", "ACL", "COMMENT"; "SESSION" for the settings at the top. */
  readonly type: string;
  /** "" for what is in no schema. */
  readonly schema: string;
  /** As pg_dump writes it, unquoted: "total(integer)", "users users_pkey", "TABLE users"; "" for all large objects. */
  readonly name: string;
  /**
   * The first 16 hex digits of the sha256 of its statements. They name what differs; that nothing does, the whole
   * hashes of the schema and of the file say. Objects of one key are added up, whatever their order.
   */
  readonly sha256: string;
}

/** What a dump holds, read from the dump's own text (PROOF 3). */
export interface Fingerprint {
  /** Sorted by schema, then name (by code unit). */
  readonly tables: readonly TableFingerprint[];
  readonly sequences: readonly SequenceFingerprint[];
  readonly largeObjects: readonly LargeObjectFingerprint[];
  /** Hex sha256 of the schema text, normalised (no \restrict keys, no comments, no COPY data, no setval). */
  readonly schemaSha256: string;
  /**
   * The schema by objects, sorted by type, schema, name. Not in backups made before there was this. Rows, sequences'
   * values and large objects' bytes are above; the order of equal settings and of a policy's roles does not count.
   */
  readonly entries?: readonly ObjectFingerprint[];
  /** Statements by their leading words, e.g. "CREATE TABLE": 5. */
  readonly objects: Readonly<Record<string, number>>;
}

/** The name of a table as messages show it: schema.name, quoted where SQL would need it. */
export function describeTable(table: { readonly schema: string; readonly name: string }): string {
  return `${quoteIdentifier(table.schema)}.${quoteIdentifier(table.name)}`;
}

/** An object as messages show it: "function public.total(integer)", "acl public.TABLE users", "extension hstore". */
export function describeObject({ type, schema, name }: Omit<ObjectFingerprint, "sha256">): string {
  if (type === "SESSION") return "the settings at the top of the dump";
  if (name === "") return "large objects' owners and grants";
  return `${type.toLowerCase()} ${schema === "" ? "" : `${quoteIdentifier(schema)}.`}${name}`;
}

/** An SQL identifier, always safe to send: quoted unless it is plain lower case. */
function quoteIdentifier(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}
