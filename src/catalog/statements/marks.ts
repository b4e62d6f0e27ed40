import type { Catalog, MarkRow } from "../catalog.ts";
import type { Connection } from "../connection.ts";
import type { Row } from "../row.ts";
import { keyOfBackup } from "./copies.ts";

const put = `
  INSERT INTO marks (backup, destination, kind, who, at_ms, why)
  VALUES (${keyOfBackup}, $destination, $kind, $who, $at, $why)
  ON CONFLICT (backup, destination, kind) DO UPDATE SET who = excluded.who, at_ms = excluded.at_ms,
    why = excluded.why`;

const remove = `DELETE FROM marks WHERE backup = ${keyOfBackup} AND kind = $kind`;

const select = `SELECT * FROM marks WHERE backup = ${keyOfBackup} ORDER BY at_ms, destination, kind`;

export function markStatements(connection: Connection): Pick<Catalog, "putMark" | "removeMark" | "marks"> {
  return {
    putMark: ({ job, backupId, destination, kind, who, at, why }) =>
      connection.change(put, { job, backupId, destination, kind, who, at, why }),
    removeMark: (job, backupId, kind) => connection.change(remove, { job, backupId, kind }),
    marks: (job, backupId) =>
      connection.all(select, { job, backupId }, (row) => ({ job, backupId, ...readMark(row) })),
  };
}

const kinds = ["hold", "accepted"] as const;

function readMark(row: Row): Omit<MarkRow, "job" | "backupId"> {
  return {
    destination: row.text("destination"),
    kind: row.oneOf("kind", kinds),
    who: row.text("who"),
    at: row.instant("at_ms"),
    why: row.text("why"),
  };
}
