import { Failure } from "../../domain/failure.ts";
import type { Catalog } from "../catalog.ts";
import type { Connection } from "../connection.ts";

const integrity = "PRAGMA integrity_check";

const foreignKeys = `SELECT "table" AS child, parent, count(*) AS orphans FROM pragma_foreign_key_check GROUP BY 1, 2`;

export function problemStatements(connection: Connection): Pick<Catalog, "problems"> {
  return { problems: () => problemsOf(connection) };
}

/** Damage may go so deep that the check itself fails: that is a problem found, not one of asking. */
function problemsOf(connection: Connection): readonly string[] {
  try {
    const found = connection.all(integrity, {}, (row) => row.text("integrity_check"));
    const orphans = connection.all(
      foreignKeys,
      {},
      (row) =>
        `${row.count("orphans")} rows of ${row.text("child")} have lost their ${row.text("parent")} row`,
    );
    return [...found.filter((line) => line !== "ok"), ...orphans];
  } catch (error) {
    if (error instanceof Failure && error.code === "catalog.damaged") return [error.message];
    throw error;
  }
}
