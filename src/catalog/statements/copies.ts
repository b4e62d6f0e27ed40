import { readBacks } from "../../domain/copies/read-back.ts";
import { readFailureReport } from "../../domain/failure.ts";
import { levels } from "../../domain/level.ts";
import type { Catalog, CopyRow } from "../catalog.ts";
import type { Connection, Parameters } from "../connection.ts";
import type { Row } from "../row.ts";

/** Null for a backup that is not there, which no column takes. */
export const keyOfBackup = "(SELECT key FROM backups WHERE job = $job AND id = $backupId)";

/** As a LIMIT. */
export const everything = -1;

const put = `
  INSERT INTO copies (backup, destination, destination_id, state, level, read_back, checked_ms, failure)
  VALUES (${keyOfBackup}, $destination, $destinationId, $state, $level, $readBack, $checkedAt, $failure)
  ON CONFLICT (backup, destination) DO UPDATE SET destination_id = excluded.destination_id,
    state = excluded.state, level = excluded.level, read_back = excluded.read_back,
    checked_ms = excluded.checked_ms, failure = excluded.failure`;

const remove = `DELETE FROM copies WHERE backup = ${keyOfBackup} AND destination = $destination`;

const selectAll = "SELECT * FROM copies ORDER BY backup, destination";

const selectOf = (condition: string) => `
  SELECT * FROM copies WHERE backup IN
    (SELECT key FROM backups WHERE ${condition} ORDER BY created_ms DESC, id DESC, job LIMIT $limit)
  ORDER BY backup, destination`;

const selectIds = "SELECT DISTINCT destination_id FROM copies WHERE destination = $destination ORDER BY 1";

export function copyStatements(
  connection: Connection,
): Pick<Catalog, "putCopy" | "removeCopy" | "destinationIds"> {
  return {
    destinationIds: (destination) => {
      const ids: string[] = [];
      connection.list(selectIds, { destination }, (row) => ids.push(row.text("destination_id")));
      return ids;
    },
    putCopy: (copy) => connection.change(put, parametersOf(copy)),
    removeCopy: (job, backupId, destination) => connection.change(remove, { job, backupId, destination }),
  };
}

/** Where the copies of one backup are put, by the backup's key in the database. */
export type CopyShelves = ReadonlyMap<number, CopyShelf>;

export interface CopyShelf {
  readonly job: string;
  readonly id: string;
  readonly copies: CopyRow[];
}

/** Fills the shelves with the copies of the backups that `condition` chooses. */
export function readCopies(connection: Connection, chosen: Chosen, shelves: CopyShelves): void {
  const { condition, parameters } = chosen;
  const isEverything = condition === "true" && parameters.limit === everything;
  connection.list(isEverything ? selectAll : selectOf(condition), isEverything ? {} : parameters, (row) => {
    const shelf = shelves.get(row.count("backup"));
    shelf?.copies.push(readCopy(row, shelf));
  });
}

/** A condition on backups, and its parameters with the limit. */
export interface Chosen {
  readonly condition: string;
  readonly parameters: Parameters;
}

function parametersOf(copy: CopyRow): Parameters {
  return {
    job: copy.job,
    backupId: copy.backupId,
    destination: copy.destination,
    destinationId: copy.destinationId,
    state: copy.state,
    level: copy.level,
    readBack: copy.readBack,
    checkedAt: copy.checkedAt,
    failure: copy.failure && JSON.stringify(copy.failure),
  };
}

const states = ["whole", "missing", "damaged", "removing"] as const;

function readCopy(row: Row, shelf: CopyShelf): CopyRow {
  return {
    job: shelf.job,
    backupId: shelf.id,
    destination: row.text("destination"),
    destinationId: row.text("destination_id"),
    state: row.oneOf("state", states),
    level: row.oneOf("level", levels),
    readBack: row.oneOfOrNull("read_back", readBacks),
    checkedAt: row.instantOrNull("checked_ms"),
    failure: row.jsonOrNull("failure", readFailureReport),
  };
}
