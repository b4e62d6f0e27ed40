import type { Catalog, ForeignFileRow } from "../catalog.ts";
import type { Connection } from "../connection.ts";
import type { Row } from "../row.ts";

const select = "SELECT * FROM foreign_files WHERE destination = $destination ORDER BY name";

const removeAll = "DELETE FROM foreign_files WHERE destination = $destination";

const insert = `
  INSERT INTO foreign_files (destination, name, size_bytes, modified_ms, first_seen_ms)
  VALUES ($destination, $name, $sizeBytes, $modifiedMs, $firstSeenAt)`;

type ForeignFileMembers = Pick<Catalog, "foreignSeen" | "putForeignSeen">;

export function foreignFileStatements(connection: Connection): ForeignFileMembers {
  return {
    foreignSeen: (destination) => connection.all(select, { destination }, readForeignFile),
    putForeignSeen: (destination, files) =>
      connection.atomically(() => {
        connection.change(removeAll, { destination });
        for (const { name, sizeBytes, modifiedMs, firstSeenAt } of files) {
          connection.change(insert, { destination, name, sizeBytes, modifiedMs, firstSeenAt });
        }
      }),
  };
}

function readForeignFile(row: Row): ForeignFileRow {
  return {
    name: row.text("name"),
    sizeBytes: row.count("size_bytes"),
    modifiedMs: row.number("modified_ms"),
    firstSeenAt: row.instant("first_seen_ms"),
  };
}
