import { type DamagedCopy, damageConcern } from "../domain/health/damage-concern.ts";
import type { JobConcern, ReportedProof } from "../domain/health/status-report.ts";
import type { Context } from "./context.ts";

type Parts = Pick<Context, "catalog" | "destinations">;

interface Asked {
  readonly job: string;
  readonly database: string | null;
  readonly lastProof: ReportedProof | null;
}

/**
 * Copies that a check or a proof found damaged, by the catalog. What the job's last proof found speaks for itself, and a
 * destination that left the config can be checked no more.
 */
export function damageConcerns(
  { catalog, destinations }: Parts,
  { job, database, lastProof }: Asked,
): readonly JobConcern[] {
  const rows = catalog.backups({ job, database, isDamaged: true });
  const told = lastProof?.outcome === "mismatch" ? lastProof.backup : null;
  const copies = rows.flatMap((row) =>
    row.copies
      .filter(({ state, destination }) => state === "damaged" && destinations.has(destination))
      .map(
        ({ destination, failure, checkedAt }): DamagedCopy => ({
          backup: row.id,
          destination,
          seen: failure?.message ?? null,
          at: checkedAt,
          isByProof: failure?.code === "proof.mismatch",
        }),
      )
      .filter(({ isByProof }) => !isByProof || row.id !== told),
  );
  if (copies.length === 0) return [];
  const newest = catalog.backups({ job, database, limit: 1 })[0];
  const isNewestLost = newest !== undefined && !newest.copies.some(({ state }) => state === "whole");
  const concern = damageConcern({ job, copies, isNewestLost });
  return concern === null ? [] : [concern];
}
