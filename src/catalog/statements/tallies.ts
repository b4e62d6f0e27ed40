import { levels } from "../../domain/level.ts";
import type { Catalog, CopyTally, RunTally } from "../catalog.ts";
import type { Connection } from "../connection.ts";

const selectRuns = `
  SELECT job, outcome, count(*) AS number, max(started_ms) AS last_ms FROM runs WHERE outcome IS NOT NULL
  GROUP BY job, outcome ORDER BY job, outcome`;

const selectCopies = `
  SELECT destination, state, level, count(*) AS number, min(created_ms) AS oldest_ms
  FROM copies JOIN backups ON backups.key = copies.backup
  GROUP BY destination, state, level ORDER BY destination, state, level`;

const outcomes = ["complete", "incomplete", "failed", "skipped"] as const;
const states = ["whole", "missing", "damaged", "removing"] as const;

/** Counted by the database: metrics are asked for every few seconds, whatever the catalog holds. */
export function tallyStatements(connection: Connection): Pick<Catalog, "runTallies" | "copyTallies"> {
  return {
    runTallies: () =>
      connection.all(
        selectRuns,
        {},
        (row): RunTally => ({
          job: row.text("job"),
          outcome: row.oneOf("outcome", outcomes),
          count: row.count("number"),
          lastAt: row.instant("last_ms"),
        }),
      ),
    copyTallies: () =>
      connection.all(
        selectCopies,
        {},
        (row): CopyTally => ({
          destination: row.text("destination"),
          state: row.oneOf("state", states),
          level: row.oneOf("level", levels),
          count: row.count("number"),
          oldestAt: row.instant("oldest_ms"),
        }),
      ),
  };
}
