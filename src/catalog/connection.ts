import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { Failure } from "../domain/failure.ts";
import { type CatalogUse, catalogFailure } from "./catalog-failure.ts";
import { Row, type RowShape } from "./row.ts";

export type Parameters = Readonly<Record<string, SQLInputValue>>;

/** The one way to the database: every error leaves it as a Failure that names the file. */
export interface Connection {
  readonly path: string;
  all<T>(sql: string, parameters: Parameters, read: (row: Row) => T): readonly T[];
  /** As `all`, for long answers: they cross from SQLite as one JSON text, in half the time of single values. */
  list<T>(select: string, parameters: Parameters, read: (row: Row) => T): readonly T[];
  /** The first row; null when there is none. */
  first<T>(sql: string, parameters: Parameters, read: (row: Row) => T): T | null;
  change(sql: string, parameters?: Parameters): void;
  /** All or nothing, also inside another `atomically`. Work that returns a promise is refused: it could not be undone. */
  atomically<T>(work: () => T): T;
  /** What `work` reads belongs together, whatever other processes write meanwhile. */
  consistently<T>(work: () => T): T;
  /** May be called twice. */
  close(): void;
}

/** Prepares each statement once. `path` is for messages; closing the connection closes the database. */
export function createConnection(database: DatabaseSync, path: string): Connection {
  const prepared = new Map<string, Prepared>();
  let depth = 0;

  const preparedOf = (sql: string, make: typeof prepare): Prepared => {
    const known = prepared.get(sql) ?? make(database, sql, path);
    prepared.set(sql, known);
    return known;
  };
  const using = <T>(verb: CatalogUse["verb"], work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw catalogFailure(error, { path, verb });
    }
  };

  function nested<T>(words: TransactionWords, work: () => T): T {
    using(words.verb, () => database.exec(words.begin));
    depth += 1;
    try {
      const result = settled(work());
      using(words.verb, () => database.exec(words.commit));
      return result;
    } catch (error) {
      undo(database, words.undo);
      throw error;
    } finally {
      depth -= 1;
    }
  }

  return {
    path,
    all: (sql, parameters, read) =>
      using("read", () => {
        const { statement, shape } = preparedOf(sql, prepare);
        return statement.all(parameters).map((values) => read(new Row(cellsOf(values), shape)));
      }),
    list: (select, parameters, read) =>
      using("read", () => {
        const { statement, shape } = preparedOf(select, prepareList);
        const [text] = cellsOf(statement.get(parameters));
        return cellsOf(JSON.parse(String(text))).map((values) => read(new Row(cellsOf(values), shape)));
      }),
    first: (sql, parameters, read) =>
      using("read", () => {
        const { statement, shape } = preparedOf(sql, prepare);
        const values = statement.get(parameters);
        return values === undefined ? null : read(new Row(cellsOf(values), shape));
      }),
    change: (sql, parameters = {}) =>
      using("write", () => void preparedOf(sql, prepare).statement.run(parameters)),
    atomically: (work) => nested(depth === 0 ? writing : savepoint(depth), work),
    consistently: (work) => (database.isTransaction ? work() : nested(reading, work)),
    close: () => using("write", () => (database.isOpen ? database.close() : undefined)),
  };
}

interface Prepared {
  readonly statement: StatementSync;
  readonly shape: RowShape;
}

function prepare(database: DatabaseSync, sql: string, path: string): Prepared {
  const statement = database.prepare(sql);
  statement.setReturnArrays(true);
  const positions = new Map(statement.columns().map((column, position) => [column.name, position]));
  return { statement, shape: { path, positions } };
}

/** Its one row has one column: a JSON array of rows, each an array of the select's columns. */
function prepareList(database: DatabaseSync, select: string, path: string): Prepared {
  const { shape } = prepare(database, select, path);
  const columns = [...shape.positions.keys()].map((name) => `"${name}"`);
  const { statement } = prepare(
    database,
    `SELECT json_group_array(json_array(${columns.join(", ")})) FROM (${select})`,
    path,
  );
  return { statement, shape };
}

/** Node's types tell of objects only; setReturnArrays makes every row an array. */
function cellsOf(values: unknown): readonly unknown[] {
  if (!Array.isArray(values)) throw new TypeError("SQLite gave a row that is no array");
  return values;
}

interface TransactionWords {
  readonly verb: CatalogUse["verb"];
  readonly begin: string;
  readonly commit: string;
  readonly undo: string;
}

/** IMMEDIATE: the lock is waited for at the start, where waiting is safe, and never in the middle. */
const writing: TransactionWords = {
  verb: "write",
  begin: "BEGIN IMMEDIATE",
  commit: "COMMIT",
  undo: "ROLLBACK",
};

const reading: TransactionWords = { verb: "read", begin: "BEGIN", commit: "COMMIT", undo: "ROLLBACK" };

function savepoint(depth: number): TransactionWords {
  const name = `level_${depth}`;
  return {
    verb: "write",
    begin: `SAVEPOINT ${name}`,
    commit: `RELEASE ${name}`,
    undo: `ROLLBACK TO ${name}; RELEASE ${name}`,
  };
}

/** Never throws: what happened first is what the caller must hear. */
function undo(database: DatabaseSync, sql: string): void {
  if (!database.isTransaction) return; // a full disk, for one, has rolled everything back already
  try {
    database.exec(sql);
  } catch {
    return; // closing the connection undoes it as well, and nothing can be committed in this state
  }
}

function settled<T>(result: T): T {
  if (!(result instanceof Promise)) return result;
  throw new Failure("run.internal", "Cannot write catalog atomically: the work is asynchronous", {
    hint: "Report this: it is a mistake in codex-backup.",
  });
}
