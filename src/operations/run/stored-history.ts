import { type PastProfile, profilesLookedAt } from "../../domain/anomalies/anomaly.ts";
import { isSuspect } from "../../domain/anomalies/suspect.ts";
import type { Instant } from "../../domain/instant.ts";
import type { Context } from "../context.ts";

export interface Series {
  readonly job: string;
  readonly database: string | null;
  readonly before: Instant;
}

/**
 * What earlier backups of a series are like as far as their stored files tell: their sizes. For encrypted ones after a
 * rebuild of the catalog, whose manifests tell no more: a backup that has lost most of its content must not be taken for
 * the first of its kind, and older ones be pruned on its word.
 */
export function storedHistory(
  { catalog }: Pick<Context, "catalog">,
  { job, database, before }: Series,
): readonly PastProfile[] {
  return catalog
    .backups({ job, database, limit: profilesLookedAt })
    .filter((row) => row.createdAt < before && row.outcome === "complete" && !row.adopted && !isSuspect(row))
    .map(({ createdAt, sizeBytes, anomalies }) => ({
      createdAt,
      profile: { durationMs: 0, contentBytes: sizeBytes, parts: null },
      isAccepted: anomalies.length > 0,
    }));
}
