import type { TableFingerprint } from "../../domain/backups/fingerprint.ts";
import type { PostgresFacts } from "../../domain/backups/manifest.ts";
import type { DatabaseNaming, DatabaseSwap, ReplacedDatabase } from "../../domain/restores/database-names.ts";
import type { RestoreFinding } from "../../domain/restores/restore-finding.ts";
import type { DumpSurvey, RelationName, RowCount } from "../../domain/restores/table-choice.ts";
import type { ReadDump, RestoreReport, RestoreRequest } from "../postgres.ts";

/** A reading of a dump for what it holds. `database` is for messages. */
export type SurveyRequest = Pick<
  RestoreRequest,
  "database" | "format" | "openDump" | "expected" | "withoutOwners" | "signal" | "onProgress"
>;

/** The restoring side of a server. Part of the room's door. */
export interface PostgresRestorer {
  /**
   * Reads the whole dump for the tables in it. Throws "postgres.restore-refused" for one that cannot be taken apart, and
   * as restore does for one that is not whole.
   */
  survey(request: SurveyRequest): Promise<DumpSurvey>;
  /**
   * Versions, roles, extensions, collations, encoding, the space needed, whether the target exists, its size and use,
   * and what interrupted restores of it left. Touches nothing.
   */
  preflight(request: {
    readonly database: string;
    readonly facts: PostgresFacts | null;
    readonly globals: Buffer | null;
    /** database_NAME.sql; null: the server chooses encoding and locale. */
    readonly header: Buffer | null;
    /** Left out: "missing". */
    readonly roles?: RestoreRequest["roles"];
    /** Left out: false. */
    readonly withoutOwners?: boolean;
    readonly roleMap?: ReadonlyMap<string, string>;
  }): Promise<readonly RestoreFinding[]>;
  /**
   * Creates the database, sends the dump in one transaction, and commits only after hash and trailer were
   * seen (PROOF 4 and 5). On failure the half-made database is dropped again and "postgres.restore-failed" thrown.
   */
  restore(request: RestoreRequest): Promise<RestoreReport>;
  /**
   * Puts a restored database in the place of another, which is kept under a new name. Sessions on both are ended.
   * Both take their names at one moment, also for whoever is killed meanwhile. Called off only before it begins. When it
   * fails, the old one has its name and the restored one is dropped; where that cannot be, the hint has all names.
   */
  swap(swap: DatabaseSwap): Promise<void>;
  /**
   * Gives a restored database its name. Called off only before it begins. When it fails, also because the name was
   * taken meanwhile, the restored one is dropped; where that fails too, the hint has the statement to type.
   */
  name(naming: DatabaseNaming): Promise<void>;
  drop(database: string): Promise<void>;
  /**
   * Rows of tables in a database, in their order: those that a dump of it would hold. Partitioned ones with all that is in
   * their partitions.
   */
  countRows(database: string, tables: readonly RelationName[]): Promise<readonly RowCount[]>;
  /** Dumps a database with the pins of a backup, in this encoding, and reads that. */
  dumpBack(database: string, encoding: string, onProgress: (doneBytes: number) => void): Promise<ReadDump>;
  /** A table's rows with the columns in this order: where a dump of it lists them in another one. */
  fingerprintTable(database: string, table: TableOfDump, encoding: string): Promise<TableFingerprint>;
  /** Databases whose names swap gave to what it replaced, of any database; sorted by name. */
  listReplaced(): Promise<readonly ReplacedDatabase[]>;
}

/** A table as a fingerprint names it. */
export type TableOfDump = Pick<TableFingerprint, "schema" | "name" | "columns">;
