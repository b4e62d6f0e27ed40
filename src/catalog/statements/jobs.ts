import type { Instant } from "../../domain/instant.ts";
import type { Catalog } from "../catalog.ts";
import type { Connection } from "../connection.ts";

const meet = `
  INSERT INTO jobs (job, known_since_ms) VALUES ($job, $now)
  ON CONFLICT (job) DO NOTHING`;

const select = "SELECT known_since_ms FROM jobs WHERE job = $job";

export function jobStatements(connection: Connection): Pick<Catalog, "knownSince"> {
  const known = (job: string): Instant | null =>
    connection.first(select, { job }, (row) => row.instant("known_since_ms"));
  return {
    knownSince(job, now) {
      const before = known(job);
      if (before !== null) return before;
      connection.change(meet, { job, now });
      return known(job) ?? now; // another process may have been first
    },
  };
}
